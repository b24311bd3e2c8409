#include <iostream>

#include "agent/commands.h"

int main(int argc, char** argv) {
  return crmpulse::agent::command_line(argc, argv, std::cout, std::cerr);
}

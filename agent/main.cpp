#include <iostream>

#include "agent/commands.h"
#include "core/text/printable.h"

int main(int argc, char** argv) {
  // What a CRM answers is shown to people: it may hold anything.
  crmpulse::PrintableOutput out{std::cout};
  crmpulse::PrintableOutput errors{std::cerr};
  return crmpulse::agent::command_line(argc, argv, out, errors);
}

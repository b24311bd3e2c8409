#pragma once
// Which threads run a loop. Debug builds abort when work runs on the wrong thread; optimised ones check nothing.

#include <cassert>

namespace crmpulse {

/// True while this thread runs a loop. Set by net::Loop alone.
inline constinit thread_local bool runs_loop = false;

}  // namespace crmpulse

// The release preset optimises without NDEBUG: the libraries' own asserts stay.
#if !defined(NDEBUG) && (!defined(__OPTIMIZE__) || defined(__SANITIZE_THREAD__))
#define CRMPULSE_CHECKS_THREADS 1
#define CRMPULSE_CHECK_THREAD(condition) assert(condition)
#else
#define CRMPULSE_CHECKS_THREADS 0
#define CRMPULSE_CHECK_THREAD(condition) static_cast<void>(0)
#endif

/// For what waits for files or a database: this thread does not run a loop.
#define CRMPULSE_OFF_LOOP() CRMPULSE_CHECK_THREAD(!::crmpulse::runs_loop && "files and databases are not for a loop")

#pragma once
// The functions and types of ODBC; Windows' headers want its own before them.

#ifdef _WIN32
#include <windows.h>
#endif

#include <sql.h>
#include <sqlext.h>

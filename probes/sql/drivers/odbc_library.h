#pragma once
// The headers of ODBC: unixODBC's, or those of Windows, which want its own before them.

#ifdef _WIN32
#include <windows.h>
#endif

#include <sql.h>
#include <sqlext.h>

// Package libstdcxx lets a build made with the GCC 12 of Debian 12 run where the C++ library is that of GCC 11, as on Amazon Linux
// 2023. There is no Go in it: who links DuckDB imports it.
//
// DuckDB waits for condition variables. GCC 12 gave std::condition_variable::wait a newer version (GLIBCXX_3.4.30) beside the one
// that it has had since GCC 4.4, and a program is linked with the newest. The two differ only in whether the cancelling of a
// thread may pass through them. The linker is told here to take the older one, which every libstdc++ has.
package libstdcxx

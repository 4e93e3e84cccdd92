package libstdcxx

/*
#cgo LDFLAGS: -Wl,--wrap=_ZNSt18condition_variable4waitERSt11unique_lockISt5mutexE -lstdc++
*/
import "C"

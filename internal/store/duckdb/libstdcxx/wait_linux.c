// std::condition_variable::wait(std::unique_lock<std::mutex> &) of the version that GCC 4.4 began with.
__asm__(".symver helios_oldest_wait, _ZNSt18condition_variable4waitERSt11unique_lockISt5mutexE@GLIBCXX_3.4.11");
void helios_oldest_wait(void *condition, void *lock);

// What calls of the newest version are linked to, by the linker's --wrap.
void __wrap__ZNSt18condition_variable4waitERSt11unique_lockISt5mutexE(void *condition, void *lock) {
  helios_oldest_wait(condition, lock);
}

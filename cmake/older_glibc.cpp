// What Debian 12's libstdc++, libgcc and archives take from a glibc that is newer than 2.31, for the programs of `make
// tarball`. Every symbol here is the program's own: a newer glibc on the machine does not change which one is used.
#include <elf.h>
#include <link.h>
#include <sys/random.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

namespace {

/// As <dlfcn.h> of glibc 2.35 and later has it on x86-64 and arm64, which libgcc is compiled against.
struct FoundObject {
  unsigned long long flags;
  void* map_start;
  void* map_end;
  struct link_map* link_map;
  void* eh_frame;  ///< the segment PT_GNU_EH_FRAME
  unsigned long long reserved[7];
};

struct Search {
  std::uintptr_t address;
  FoundObject* found;
};

/// Returns 1, which ends the search, if the object holds the address and can be unwound.
int look(dl_phdr_info* object, std::size_t, void* data) {
  const auto* const search = static_cast<Search*>(data);
  std::uintptr_t begin = UINTPTR_MAX;
  std::uintptr_t end = 0;
  std::uintptr_t frames = 0;
  bool holds = false;
  for (int i = 0; i < object->dlpi_phnum; ++i) {
    const ElfW(Phdr)& header = object->dlpi_phdr[i];
    const std::uintptr_t at = object->dlpi_addr + header.p_vaddr;
    if (header.p_type == PT_LOAD) {
      if (at < begin) begin = at;
      if (at + header.p_memsz > end) end = at + header.p_memsz;
      holds = holds || (search->address >= at && search->address < at + header.p_memsz);
    } else if (header.p_type == PT_GNU_EH_FRAME) {
      frames = at;
    }
  }
  if (!holds || frames == 0) return 0;
  *search->found = FoundObject{};
  search->found->map_start = reinterpret_cast<void*>(begin);
  search->found->map_end = reinterpret_cast<void*>(end);
  search->found->eh_frame = reinterpret_cast<void*>(frames);
  return 1;
}

}  // namespace

extern "C" {

/// 2.32: whether counters need not be atomic. They always are.
__attribute__((visibility("hidden"))) extern char __libc_single_threaded;
char __libc_single_threaded = 0;

/// 2.35: which object an address belongs to, for exceptions. Returns 0 and fills `found`, -1 if none holds it.
__attribute__((visibility("hidden"))) int _dl_find_object(void* address, FoundObject* found) {
  Search search{reinterpret_cast<std::uintptr_t>(address), found};
  return dl_iterate_phdr(look, &search) == 1 ? 0 : -1;
}

/// 2.36: 32 random bits of the kernel's, which cannot fail.
__attribute__((visibility("hidden"))) std::uint32_t arc4random() {
  std::uint32_t bits = 0;
  while (getrandom(&bits, sizeof bits, 0) != static_cast<ssize_t>(sizeof bits)) {
    if (errno != EINTR) std::abort();
  }
  return bits;
}

}  // extern "C"

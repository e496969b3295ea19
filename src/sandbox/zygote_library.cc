// sandbox/zygote_library.cc
// The C face of Helper for the Python zygote, which loads it with ctypes: no tie to one version of
// Python, no headers of Python.  Becomes the shared object that is embedded in ebb.
#include <signal.h>
#include <unistd.h>

#include <new>

#include "sandbox/helper.h"
#include "sandbox/template_side.h"

namespace {

alignas(ebb::sandbox::Helper) char storage[sizeof(ebb::sandbox::Helper)];
ebb::sandbox::Helper* helper = nullptr;
ebb::sandbox::TemplateSide template_side;

}  // namespace

extern "C" {

// 0, or -1 when the system call filter cannot be read.
int ebb_start(int control, int outer_proc) {
  helper = new (storage) ebb::sandbox::Helper(control, outer_proc);
  return helper->LoadFilters() ? 0 : -1;
}

// Waits for the next order.  1: fork now; 0: this one failed, wait again; -1: the server is gone.
int ebb_next() {
  if (!helper->Receive()) return -1;
  return helper->BeforeFork() ? 1 : 0;
}

void ebb_forked(int child) { helper->AfterForkInParent(child); }

// In the child.  Returns confined, or not at all.  1: it is a stem, and has time.
int ebb_confine() {
  helper->ConfineChild();
  signal(SIGPIPE, SIG_IGN);  // As every Python program has it, and this Python believes it has.
  close(ebb::sandbox::kStatusInside);
  return helper->order().begin == ebb::sandbox::Begin::kAsStem ? 1 : 0;
}

// The same for a template, which has loaded user code and forks instances of itself.
int ebb_template_begin() { return ebb::sandbox::TemplateSide::Begin(); }
int ebb_template_next() { return template_side.Next(); }
void ebb_template_forked(int child) { template_side.ForkedInParent(child); }
void ebb_template_confine() { template_side.ConfineForked(helper->filter()); }
}

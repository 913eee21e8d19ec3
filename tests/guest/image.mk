# Tests that run inside VMs: a guest that is the runtime, the kit and these tests, and an image that is the
# hypervisor with that guest built in, which answers a few calls more than the product does.
guest-host := tests/guest/host_calls.c tests/guest/host_main.c tests/guest/rtc.c tests/guest/scratch.c
guest-bundle := tests/guest/bundle.c
program.guest-tests := tests/kit/kit.c $(sort $(filter-out $(guest-host) $(guest-bundle),$(wildcard tests/guest/*.[cS])))

component.bundle_guest_tests := $(guest-bundle)
component.guest_host := $(guest-host) tests/kit/semihost.c
image.test-guest := $(RUNTIME) bundle_guest_tests guest_host $(filter-out hyp,$(HYPERVISOR)) sse

# The product has no place for calls of tests: the linker puts ours before the one handler of all.
$(B)/test-guest.first $(B)/test-guest.elf: private LDFLAGS += -Wl,--wrap=vsbi_handle_call

$(B)/tests/guest/bundle.c.o: CFLAGS += -DBUNDLE_GUEST_TESTS='"$(B)/guest-tests.bin"'
$(B)/tests/guest/bundle.c.o: $(B)/guest-tests.bin

# What is measured: a micro program, natively and as the hypervisor's built-in guest.
program.micro := bench/micro.c
component.bundle_micro := bench/bundle_micro.c
image.hartwood-micro := $(RUNTIME) bundle_micro $(HYPERVISOR)

$(B)/bench/bundle_micro.c.o: CFLAGS += -DBUNDLE_MICRO='"$(B)/micro.bin"'
$(B)/bench/bundle_micro.c.o: $(B)/micro.bin

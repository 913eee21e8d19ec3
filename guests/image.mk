# Unikernels: a line each, for an image that runs in a VM (`make run GUEST=NAME`, which needs a
# guests/NAME/NAME.dts) and on the bare machine (`make run NATIVE=NAME`).
program.hello := guests/hello/hello.c

# What Linux guests have as their root.
INITRAMFS := $(O)/guests/initramfs.cpio
$(INITRAMFS): guests/linux/initramfs.list guests/linux/init $(wildcard guests/linux/scripts/*) \
		tools/initramfs tools/newc.py $(O)/setup/run.ok | $(O)/setup/build.ok
	$(call say,CPIO,$@)
	$(Q)O=$(O) $(PYTHON) tools/initramfs $< $@

test-programs: $(INITRAMFS)

// A library that is preloaded into the program and comes between it and the disk. What it does with writes is said by the
// first byte of the file that TVSTATS_TEST_FAULTS names, and may change at any moment: 'n' nothing, 's' slow, 'f' as on a
// full disk, where a part of what is written still finds room, 'r' as on one that can only be read.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static volatile const char *mode = "n";

__attribute__((constructor)) static void begin(void) {
	const char *name = getenv("TVSTATS_TEST_FAULTS");
	int file = name ? open(name, O_RDONLY) : -1;
	void *page = file < 0 ? MAP_FAILED : mmap(NULL, 1, PROT_READ, MAP_SHARED, file, 0);
	if (page != MAP_FAILED)
		mode = page;
}

// full waits where writes are slow, and tells whether this one must fail. Pipes and sockets are never full.
static int full(int fd) {
	struct stat info;
	if (*mode == 's')
		usleep(3000);
	return (*mode == 'f' || *mode == 'r') && fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
}

static int no_space(void) {
	errno = *mode == 'r' ? EROFS : ENOSPC;
	return -1;
}

#define REAL(name, result, ...) ((result(*)(__VA_ARGS__))dlsym(RTLD_NEXT, name))

ssize_t write(int fd, const void *bytes, size_t size) {
	ssize_t (*real)(int, const void *, size_t) = REAL("write", ssize_t, int, const void *, size_t);
	if (!full(fd))
		return real(fd, bytes, size);
	if (*mode == 'f')
		real(fd, bytes, size / 2);
	return no_space();
}

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t at) {
	ssize_t (*real)(int, const void *, size_t, off_t) = REAL("pwrite", ssize_t, int, const void *, size_t, off_t);
	if (!full(fd))
		return real(fd, bytes, size, at);
	if (*mode == 'f')
		real(fd, bytes, size / 2, at);
	return no_space();
}

ssize_t pwrite64(int fd, const void *bytes, size_t size, off64_t at) {
	ssize_t (*real)(int, const void *, size_t, off64_t) = REAL("pwrite64", ssize_t, int, const void *, size_t, off64_t);
	if (!full(fd))
		return real(fd, bytes, size, at);
	if (*mode == 'f')
		real(fd, bytes, size / 2, at);
	return no_space();
}

int fsync(int fd) { return full(fd) ? no_space() : REAL("fsync", int, int)(fd); }

int fdatasync(int fd) { return full(fd) ? no_space() : REAL("fdatasync", int, int)(fd); }

/* Grants through /dev/xen/gntdev (others' pages) and /dev/xen/gntalloc (pages for others). */
#include "peer.h"

#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

/* Types of Xen that the first header uses and does not define. */
typedef uint32_t grant_ref_t;
typedef uint16_t domid_t;
#include <xen/gntdev.h>
#include <xen/gntalloc.h>

enum { COPY_SOURCE_IS_REFERENCE = 1 };

static int device;
static struct offer peer;

/* A request whose last member has room for one element, and the rest behind it. */
union map_request {
    struct ioctl_gntdev_map_grant_ref fields;
    uint8_t room[sizeof(struct ioctl_gntdev_map_grant_ref) + SHARED_PAGES * sizeof(struct ioctl_gntdev_grant_ref)];
};

union share_request {
    struct ioctl_gntalloc_alloc_gref fields;
    uint8_t room[sizeof(struct ioctl_gntalloc_alloc_gref) + SHARED_PAGES * sizeof(uint32_t)];
};

static uint8_t *map_pages(unsigned count, uint64_t index)
{
    uint8_t *pages = mmap(NULL, count * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, device, (off_t)index);
    if (pages == MAP_FAILED)
        fail("mmap");
    return pages;
}

static void map_and_unmap(unsigned rounds, unsigned count)
{
    for (unsigned i = 0; i < rounds; i++) {
        union map_request map = { .fields = { .count = count } };
        for (unsigned page = 0; page < count; page++) {
            struct ioctl_gntdev_grant_ref *reference = &map.fields.refs[0] + page;
            reference->domid = peer.domain;
            reference->ref = peer.references[page];
        }
        if (ioctl(device, IOCTL_GNTDEV_MAP_GRANT_REF, &map) != 0)
            fail("IOCTL_GNTDEV_MAP_GRANT_REF");
        volatile uint8_t *pages = map_pages(count, map.fields.index);
        for (unsigned page = 0; page < count; page++)
            pages[page * PAGE_SIZE]++;
        munmap((void *)pages, count * PAGE_SIZE);
        struct ioctl_gntdev_unmap_grant_ref unmap = { .index = map.fields.index, .count = count };
        if (ioctl(device, IOCTL_GNTDEV_UNMAP_GRANT_REF, &unmap) != 0)
            fail("IOCTL_GNTDEV_UNMAP_GRANT_REF");
    }
}

static uint8_t *copied;

static void copy(unsigned rounds, unsigned count)
{
    struct gntdev_grant_copy_segment segments[SHARED_PAGES];
    for (unsigned i = 0; i < rounds; i++) {
        for (unsigned page = 0; page < count; page++) {
            segments[page] = (struct gntdev_grant_copy_segment) {
                .source.foreign = { .ref = peer.references[page], .domid = (domid_t)peer.domain },
                .dest.virt = copied + page * PAGE_SIZE,
                .len = PAGE_SIZE,
                .flags = COPY_SOURCE_IS_REFERENCE,
            };
        }
        struct ioctl_gntdev_grant_copy request = { .count = count, .segments = segments };
        if (ioctl(device, IOCTL_GNTDEV_GRANT_COPY, &request) != 0)
            fail("IOCTL_GNTDEV_GRANT_COPY");
        for (unsigned page = 0; page < count; page++) {
            if (segments[page].status != 0)
                fail("a piece of a grant copy");
        }
    }
}

static uint8_t *share(uint32_t domain, unsigned count, union share_request *request)
{
    *request = (union share_request) { .fields = { .domid = (uint16_t)domain, .flags = GNTALLOC_FLAG_WRITABLE, .count = count } };
    if (ioctl(device, IOCTL_GNTALLOC_ALLOC_GREF, request) != 0)
        fail("IOCTL_GNTALLOC_ALLOC_GREF");
    return map_pages(count, request->fields.index);
}

static void share_and_unshare(unsigned rounds, unsigned count)
{
    for (unsigned i = 0; i < rounds; i++) {
        union share_request request;
        volatile uint8_t *pages = share(peer.domain, count, &request);
        for (unsigned page = 0; page < count; page++)
            pages[page * PAGE_SIZE] = 1;
        munmap((void *)pages, count * PAGE_SIZE);
        struct ioctl_gntalloc_dealloc_gref unshare = { .index = request.fields.index, .count = count };
        if (ioctl(device, IOCTL_GNTALLOC_DEALLOC_GREF, &unshare) != 0)
            fail("IOCTL_GNTALLOC_DEALLOC_GREF");
    }
}

void share_for_ever(uint32_t domain, uint32_t *references)
{
    device = open_device("/dev/xen/gntalloc");
    union share_request request;
    share(domain, SHARED_PAGES, &request);
    for (unsigned page = 0; page < SHARED_PAGES; page++)
        references[page] = *(&request.fields.gref_ids[0] + page);
}

static void begin_import(const struct offer *offer)
{
    peer = *offer;
    device = open_device("/dev/xen/gntdev");
    copied = aligned_alloc(PAGE_SIZE, SHARED_PAGES * PAGE_SIZE);
    if (copied == NULL)
        fail("aligned_alloc");
}

static void begin_export(const struct offer *offer)
{
    peer = *offer;
    device = open_device("/dev/xen/gntalloc");
    copied = NULL;
}

static void end(void)
{
    free(copied);
    close(device);
}

static void map_one(unsigned rounds) { map_and_unmap(rounds, 1); }
static void map_all(unsigned rounds) { map_and_unmap(rounds, SHARED_PAGES); }
static void copy_one(unsigned rounds) { copy(rounds, 1); }
static void copy_all(unsigned rounds) { copy(rounds, SHARED_PAGES); }
static void share_one(unsigned rounds) { share_and_unshare(rounds, 1); }
static void share_all(unsigned rounds) { share_and_unshare(rounds, SHARED_PAGES); }

const struct operation grant_operations[] = {
    { "map-1", begin_import, map_one, end },
    { "map-16", begin_import, map_all, end },
    { "copy-1", begin_import, copy_one, end },
    { "copy-16", begin_import, copy_all, end },
    { "share-1", begin_export, share_one, end },
    { "share-16", begin_export, share_all, end },
    { 0 },
};

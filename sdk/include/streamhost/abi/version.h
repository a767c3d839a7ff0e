/* Which contract is this? One major number, one minor number, and nothing else to compare.
 *
 * A host refuses a plugin of another major. Any minor is accepted: features are found by extension id and by
 * struct_size, never by comparing versions. A released struct or table is never edited; a new capability is a
 * new id ("streamhost.log/2").
 */
#ifndef STREAMHOST_ABI_VERSION_H
#define STREAMHOST_ABI_VERSION_H

#define SH_ABI_MAJOR 1u
#define SH_ABI_MINOR 0u

#if defined(__GNUC__)
#define SH_EXPORT __attribute__((visibility("default")))
#else
#define SH_EXPORT
#endif

#endif

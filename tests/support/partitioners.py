"""Compute the partition of a channel, with code that the programs do not use."""
import xxhash

MULTIPLIER = 0x5BD1E995
MASK = 0xFFFFFFFF


def murmur2(key):
    """The hash of Kafka's producers."""
    value = 0x9747B28C ^ len(key)
    for start in range(0, len(key) - 3, 4):
        word = int.from_bytes(key[start:start + 4], "little") * MULTIPLIER & MASK
        word = (word ^ word >> 24) * MULTIPLIER & MASK
        value = value * MULTIPLIER & MASK ^ word
    if rest := key[len(key) & ~3:]:
        value = (value ^ int.from_bytes(rest, "little")) * MULTIPLIER & MASK
    value = (value ^ value >> 13) * MULTIPLIER & MASK
    return value ^ value >> 15


def partition_of(channel, partitions, partitioner="xxh3"):
    key = channel.encode()
    if partitioner == "murmur2":
        return (murmur2(key) & 0x7FFFFFFF) % partitions
    return xxhash.xxh3_64_intdigest(key) % partitions

/*
 * Two checksums that storage and network protocols use, in C: CRC-32C (RFC 3720, section 12.1 and appendix B.4) and the Internet checksum
 * (RFC 1071).
 */

#include <stddef.h>
#include <stdint.h>

/* Castagnoli's polynomial, the lowest bit for the highest power. */
static const uint32_t polynomial = 0x82f63b78;

/* table[n][b]: what a byte b becomes that is followed by n bytes of zeroes. */
static uint32_t table[8][256];

/* Before main, so no thread can see it half done. */
__attribute__((constructor)) static void fill_table(void)
{
        for (uint32_t byte = 0; byte < 256; byte++) {
                uint32_t crc = byte;
                for (int bit = 0; bit < 8; bit++)
                        crc = crc >> 1 ^ (crc & 1 ? polynomial : 0);
                table[0][byte] = crc;
        }
        for (int n = 1; n < 8; n++)
                for (int byte = 0; byte < 256; byte++)
                        table[n][byte] = table[n - 1][byte] >> 8 ^ table[0][table[n - 1][byte] & 0xff];
}

/* The CRC-32C of what was checked before, whose CRC is given (0 at first), and of what follows it now. */
uint32_t checksum_crc32c(uint32_t crc, const uint8_t *data, size_t length)
{
        crc = ~crc;
        for (; length >= 8; data += 8, length -= 8)
                crc = table[7][data[0] ^ (crc & 0xff)] ^ table[6][data[1] ^ (crc >> 8 & 0xff)] ^
                      table[5][data[2] ^ (crc >> 16 & 0xff)] ^ table[4][data[3] ^ crc >> 24] ^
                      table[3][data[4]] ^ table[2][data[5]] ^ table[1][data[6]] ^ table[0][data[7]];
        for (; length > 0; data++, length--)
                crc = crc >> 8 ^ table[0][(crc ^ *data) & 0xff];
        return ~crc;
}

/* The Internet checksum, as a number: most significant byte first in a packet. */
uint16_t checksum_internet(const uint8_t *data, size_t length)
{
        uint64_t sum = 0;

        for (; length >= 2; data += 2, length -= 2)
                sum += (uint64_t)data[0] << 8 | data[1];
        if (length > 0)
                sum += (uint64_t)data[0] << 8;
        while (sum >> 16)
                sum = (sum & 0xffff) + (sum >> 16);
        return (uint16_t)~sum;
}

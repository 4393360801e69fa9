/* What OpenSSL can do, which the runtime's build would find out by trying. Debian's build of OpenSSL 3 leaves none of it out. */

#pragma once

#include <openssl/opensslv.h>

#define HAVE_OPENSSL_ALPN 1
#define HAVE_OPENSSL_CHACHA20POLY1305 1
#define HAVE_OPENSSL_EC2M 1
#define HAVE_OPENSSL_SHA3 1
#define HAVE_OPENSSL_SHA3_SQUEEZE (OPENSSL_VERSION_NUMBER >= 0x30300000L)
#define HAVE_OPENSSL_EVP_PKEY_SIGN_MESSAGE_INIT (OPENSSL_VERSION_NUMBER >= 0x30400000L)

/* Keys in hardware are reached through engines, which are loaded libraries: a static image loads none. */
#define HAVE_OPENSSL_ENGINE 0

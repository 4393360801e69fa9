/*
 * Where the runtime looks for root certificates, unless SSL_CERT_FILE says it: in the file that the SDK packs into an image, and as
 * OpenSSL does where there is none, as in an image without it or one that runs as a process.
 */

#include <openssl/x509.h>
#include <unistd.h>

/* The name that the SDK gives the file. */
#define PACKED "/app/ca-certificates.crt"

const char *xl_root_certificates(void)
{
        return access(PACKED, R_OK) == 0 ? PACKED : X509_get_default_cert_file();
}

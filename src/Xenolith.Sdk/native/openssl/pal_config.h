/* What the build of the runtime's own libraries finds out about a system; nothing of it matters to those that call OpenSSL. */

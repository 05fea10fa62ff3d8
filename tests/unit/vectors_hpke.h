/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HPKE, base mode. DHKEM(X25519, HKDF-SHA256) does not depend on the AEAD, so the KEM's rows are
 * those that RFC 9180 prints in A.1.1 and A.2.1, and the key schedule's row is that of A.2.1 (AEAD
 * 0x0003, keys of 32 bytes as ours). The RFC has no row for our AEAD, 0x0002: those were computed,
 * for the keys of A.1.1, by an independent implementation that reproduces the RFC's own.
 */
#ifndef UNIT_VECTORS_HPKE_H
#define UNIT_VECTORS_HPKE_H

struct hpke_kem_vector {
    const char *ephemeral;
    const char *recipient_secret;
    const char *recipient_public;
    const char *enc;
    const char *shared;
};

struct hpke_seal_vector {
    const char *info;
    const char *aad;
    const char *text;
    const char *enc;
    const char *key;
    const char *nonce;
    const char *sealed;
};

/* clang-format off */
static const struct hpke_kem_vector hpke_kem_vectors[] = {
    {
        .ephemeral = "52c4a758a802cd8b936eceea314432798d5baf2d7e9235dc084ab1b9cfa2f736",
        .recipient_secret = "4612c550263fc8ad58375df3f557aac531d26850903e55a9f23f21d8534e8ac8",
        .recipient_public = "3948cfe0ad1ddb695d780e59077195da6c56506b027329794ab02bca80815c4d",
        .enc = "37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431",
        .shared = "fe0e18c9f024ce43799ae393c7e8fe8fce9d218875e8227b0187c04e7d2ea1fc",
    },
    {
        .ephemeral = "f4ec9b33b792c372c1d2c2063507b684ef925b8c75a42dbcbf57d63ccd381600",
        .recipient_secret = "8057991eef8f1f1af18f4a9491d16a1ce333f695d4db8e38da75975c4478e0fb",
        .recipient_public = "4310ee97d88cc1f088a5576c77ab0cf5c3ac797f3d95139c6c84b5429c59662a",
        .enc = "1afa08d3dec047a643885163f1180476fa7ddb54c6a8029ea33f95796bf2ac4a",
        .shared = "0bbe78490412b4bbea4812666f7916932b828bba79942424abb65244930d69a7",
    },
};

#define HPKE_VECTOR_SCHEDULE_AEAD   0x0003
#define HPKE_VECTOR_SCHEDULE_INFO   "4f6465206f6e2061204772656369616e2055726e"
#define HPKE_VECTOR_SCHEDULE_SHARED "0bbe78490412b4bbea4812666f7916932b828bba79942424abb65244930d69a7"
#define HPKE_VECTOR_SCHEDULE_KEY    "ad2744de8e17f4ebba575b3f5f5a8fa1f69c2a07f6e7500bc60ca6e3e3ec1c91"
#define HPKE_VECTOR_SCHEDULE_NONCE  "5c4d98150661b848853b547f"

/* All with the keys of hpke_kem_vectors[0]. */
static const struct hpke_seal_vector hpke_seal_vectors[] = {
    {
        .info = "4f6465206f6e2061204772656369616e2055726e",
        .aad = "436f756e742d30",
        .text = "4265617574792069732074727574682c20747275746820626561757479",
        .enc = "37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431",
        .key = "a2863277956ec56c4f9f16b43665870daa2403d0d22baceff6551c4ff35b8528",
        .nonce = "94fc3a5af015ec686da39ff8",
        .sealed = "090b7dc225419f7da9e8b460becfbb96a26c7964d79b8010d397fa838530a32a397b14f5776db19ff5e57734e0",
    },
    {
        .info = "",
        .aad = "",
        .text = "0000000000000000000000000000000000000000000000000000000000000000",
        .enc = "37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431",
        .key = "00b0548eb39b63cda15f469f58c6023ebd3334b2fdadc3c7fec0567dbded28f4",
        .nonce = "2433ffef6a3882930e222a21",
        .sealed = "c719d4ea3a5df6a8e81de2d3940f80ba873045043f5fe61bfacd2bf788d821397d6f9329a96bfc7b95a2bef706a53495",
    },
    {
        .info = "636169726e",
        .aad = "abababababababababababababababababababababababababababababababab",
        .text = "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a",
        .enc = "37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431",
        .key = "22d9121340da26b093f6dbf125d8a2b1001a1313213d2a856a0581fc4ce44b82",
        .nonce = "1334ce3244cd1feca0d34454",
        .sealed = "155e7e798b5b636695ee545e89ac0f744d2996da9c63bd93d93109a8486bfd895218876c509daf5b7d87a98f8d76e9e1",
    },
};
/* clang-format on */

#endif

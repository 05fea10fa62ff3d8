/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sealed parts and a grant computed outside this project from the layout in lib/crypto/seal.h, and
 * one ciphertext that AES-256-GCM opens to two different texts. The latter was made by taking two
 * data keys whose first key stream bytes agree and solving the equality of both GHASHes for the
 * last block; the commitment is what must refuse it.
 */
#ifndef UNIT_VECTORS_SEAL_H
#define UNIT_VECTORS_SEAL_H

/* clang-format off */
/* SHA-256("header") */
#define SEAL_VECTOR_HEADER_DIGEST "1e0584a25d9f43bf5cbd0aec01eb1af2220ed085b4e7f1837b0d89958cae353a"
#define SEAL_VECTOR_KEY           "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define SEAL_VECTOR_TEXT          "Was not brought to the clinic on Tuesday." /* as PART_ACCOUNT */
#define SEAL_VECTOR_PART \
    "94d7aea7802514304cb785bd00674cfd14eedad3f31600994cf413cc72f36aadcad3ccbbf5cee47e77c170f9a891ab05de996d2bf18c3f9893ad90b00d6e7b7d0612e6a577b530a2e7b46e155a9c922c107f8f58c7b91bab6002fd702874046041061d4e8eba7969c0581260d43d00479c52e164c5c4ceebd087e5bc1193c2bb6562aa1af7bcb441d5fd6bceac2620f5c7acee157be0cef708560fea996d4d8bf2e9980defe815b724006ba35d2fc0dcf6fe58c55efdac965b8b6de8d7e44133be4b930c43872624db5d0da425e256c761bb2dbaf45c28d05f057b39cbcca193283b7b1c7c63c66ef133a4fbd8d3512b5cfbbffcaf3ae202d24034cc7ecc6565a0b7bd9d411088d4efe293456940b7dbcbca3ae5b45b7bac189933501121790b88a1c2f30b15922ad75a4885ee2902f4"

#define SEAL_VECTOR_FIRST_KEY  "9f83ab5547da654f01727651ef747e2f407e242d550d6e91bcc1922d3b44f089"
#define SEAL_VECTOR_SECOND_KEY "f892eab22bae2d24c44fed43e8475ec05283b448f58041e06c42a0116c219bc1"
#define SEAL_VECTOR_TWO_TEXTS \
    "14819d46621719d1959cae6951c832bf4079ef4479469f34d746062b4543f18d4f09bb85587995ba844e0283f139ac4419f6fe1edf500f23afa44da91e3308dcbd9740f5142db29ba190d3924ed7cad7dcf8de82a9987cd93abb344088e03a3f48a46445054b4c23fc1899de28c835d62261c68bfcb760a3478664435587a8e185c845f5ff8040c0c9115d0840e5bea0f7a1c4bdc2d23db6ee442d1b3fc2a4dce43ff163d29a7d20f6055be76c782509e8c74adbac3f2516733c5817ecba0d987f2886882313be86c67bd18ac24ce136c120db2701b51d71caa4d780039ab290fc887327308aa7b9a604bd49a56df1bebb54831f4e6d7fb9a9fefa9b07149184f53c550adfee909903e91ffd938fde29" /* ciphertext || tag */

/* Entry 7-1122334455667788-42, PART_ACCOUNT, recipient 9, the key SEAL_VECTOR_KEY. */
#define SEAL_VECTOR_OPENING_KEY "4612c550263fc8ad58375df3f557aac531d26850903e55a9f23f21d8534e8ac8"
#define SEAL_VECTOR_GRANT \
    "37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf443118f4efa62bba44c7d0b3246e5e095e1f" \
    "716ecd094e3fcc68658e8f0662c2f1d6819fb85fea65dd5e4f85e7c86ea8b39c"
/* clang-format on */

#endif

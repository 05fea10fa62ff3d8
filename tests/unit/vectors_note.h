/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Published signed notes, as values: the verifier key of C2SP signed-note.md, the example of C2SP
 * tlog-cosignature.md, the keys and signatures of golang.org/x/mod sumdb/note (note_test.go), and a
 * type-04 key of transparency-dev/formats (note_cosigv1_test.go). VECTOR_COSIGNATURE was computed
 * with an independent Ed25519 over the C2SP example's text.
 */
#ifndef TESTS_UNIT_VECTORS_NOTE_H
#define TESTS_UNIT_VECTORS_NOTE_H

#define VECTOR_C2SP_VKEY    "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
#define VECTOR_WITNESS_VKEY "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2"

#define VECTOR_PETER_SEED "810a1402d5146c8d84f2443330f54080ebf98ee17d9c74f6252fc5d5c7283173"
#define VECTOR_PETER_VKEY "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
#define VECTOR_ENOCH_VKEY "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"

#define VECTOR_NOTE_TEXT                                                                           \
    "If you think cryptography is the answer to your problem,\n"                                   \
    "then you don't know what your problem is.\n"

#define VECTOR_PETER_LINE                                                                          \
    "\xe2\x80\x94 PeterNeumann "                                                                   \
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=" \
    "\n"
#define VECTOR_ENOCH_LINE                                                                          \
    "\xe2\x80\x94 EnochRoot "                                                                      \
    "rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=" \
    "\n"

/* A wrong length of key and an unknown type, both with a matching key id. */
#define VECTOR_LONG_VKEY                                                                           \
    "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY=="
#define VECTOR_UNKNOWN_TYPE_VKEY                                                                   \
    "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"

#define VECTOR_COSIGNED_TEXT                                                                       \
    "example.com/behind-the-sofa\n"                                                                \
    "20852163\n"                                                                                   \
    "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
#define VECTOR_COSIGNED_NOTE                                                                       \
    VECTOR_COSIGNED_TEXT                                                                           \
    "\n\xe2\x80\x94 example.com/behind-the-sofa "                                                  \
    "Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=" \
    "\n\xe2\x80\x94 witness.example.com/w1 "                                                       \
    "jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+"     \
    "mbIUBkBIfZ+qnA==\n"
#define VECTOR_COSIGNED_TIME_S 1679315147U

/* By Peter's seed, at VECTOR_COSIGNED_TIME_S, over VECTOR_COSIGNED_TEXT. */
#define VECTOR_COSIGNATURE                                                                         \
    "00000000641850cb25e47ffe9ab386710a56f126db059b876449ea8aeee7e714"                             \
    "51f9b95fd36795a1abf1a487f50139455643e101a5c65d85e54a552088bde29d"                             \
    "7bf0a2dfa8f3ec00"

#endif

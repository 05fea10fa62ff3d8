/* SPDX-License-Identifier: Apache-2.0 */
#include "support/setting.h"

#include <stdlib.h>

#include "base/text.h"

uint64_t setting(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    uint64_t value = 0;

    return text != NULL && u64_parse(text, UINT64_MAX, &value) ? value : otherwise;
}

size_t setting_count(const char *name, size_t otherwise, size_t most)
{
    uint64_t value = setting(name, otherwise);

    return value > 0 && value <= most ? (size_t)value : otherwise;
}

uint64_t setting_step(size_t changes, size_t tried)
{
    size_t most = changes / tried | 1;

    return setting_count("CAIRN_ATTACK_STEP", most, most);
}

uint64_t setting_draw(uint64_t *seed)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *seed >> 24;
}

# SPDX-License-Identifier: Apache-2.0
# Prints C files as PATH:LINE:CODE with comments taken out, and with strings emptied unless -v strings=keep. A `//` that
# is not inside a comment or a string stays, alone: we do not use that kind of comment. Include lines stay whole.
FNR == 1 { in_comment = 0 }
{
    line = $0
    code = ""
    if (!in_comment && line ~ /^[ \t]*#[ \t]*include/) {
        sub(/\/\*.*$/, "", line)
        print FILENAME ":" FNR ":" line
        next
    }
    while (line != "") {
        if (in_comment) {
            end = index(line, "*/")
            if (end == 0) {
                break
            }
            line = substr(line, end + 2)
            in_comment = 0
            code = code " "
            continue
        }
        if (!match(line, /["']|\/\*|\/\//)) {
            code = code line
            break
        }
        code = code substr(line, 1, RSTART - 1)
        mark = substr(line, RSTART, RLENGTH)
        line = substr(line, RSTART + RLENGTH)
        if (mark == "//") {
            code = code "//"
            break
        }
        if (mark == "/*") {
            in_comment = 1
            continue
        }
        text = ""
        while (line != "") {
            c = substr(line, 1, 1)
            if (c == "\\") {
                text = text substr(line, 1, 2)
                line = substr(line, 3)
                continue
            }
            line = substr(line, 2)
            if (c == mark) {
                break
            }
            text = text c
        }
        code = code mark (strings == "keep" ? text : "") mark
    }
    sub(/[ \t]+$/, "", code)
    print FILENAME ":" FNR ":" code
}

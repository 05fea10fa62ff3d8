# SPDX-License-Identifier: Apache-2.0
# One target that every one of ours links: warnings, hardening, include paths. Asserts stay on in every build.
add_library(cairn_flags INTERFACE)
target_include_directories(cairn_flags INTERFACE ${CMAKE_SOURCE_DIR}/include ${CMAKE_SOURCE_DIR}/lib)
target_compile_definitions(cairn_flags INTERFACE _GNU_SOURCE CAIRN_VERSION="${PROJECT_VERSION}")
# Places where a test can have a daemon die (lib/base/crash_point.h); what is installed has none.
target_compile_definitions(cairn_flags INTERFACE $<$<CONFIG:Debug>:CAIRN_CRASH_POINTS>)
target_compile_options(cairn_flags INTERFACE
    -Werror -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith
    -Wcast-align -Wswitch-enum -Wimplicit-fallthrough -Wvla -Wundef -Wformat=2 -Wwrite-strings
    -fno-common -fvisibility=hidden -fstack-protector-strong -fno-strict-aliasing)
include(CheckCCompilerFlag)
foreach(flag -fstack-clash-protection -fcf-protection)
    string(MAKE_C_IDENTIFIER "HAVE${flag}" have)
    check_c_compiler_flag(${flag} ${have})
    if(${have})
        target_compile_options(cairn_flags INTERFACE ${flag})
    endif()
endforeach()
# What is installed is linked as a whole, so that a call from one folder into another can be taken in. The same objects go
# into the tests as they are: some have the linker lead a call elsewhere.
set(CAIRN_LTO $<AND:$<C_COMPILER_ID:GNU>,$<CONFIG:Release>>)
target_compile_options(cairn_flags INTERFACE $<${CAIRN_LTO}:-flto> $<${CAIRN_LTO}:-ffat-lto-objects>)
target_link_options(cairn_flags INTERFACE -Wl,-z,relro,-z,now -Wl,-z,noexecstack)
set(CMAKE_C_FLAGS_RELEASE "-O2 -g")
set(CMAKE_C_FLAGS_DEBUG "-O1 -g")
set(CAIRN_SANITIZED 0)
if(CAIRN_SANITIZE)
    set(CAIRN_SANITIZED 1)
    target_compile_options(cairn_flags INTERFACE -fsanitize=${CAIRN_SANITIZE} -fno-sanitize-recover=all
                                                 -fno-omit-frame-pointer)
    target_link_options(cairn_flags INTERFACE -fsanitize=${CAIRN_SANITIZE})
else()
    target_compile_definitions(cairn_flags INTERFACE _FORTIFY_SOURCE=2)
endif()
if(CAIRN_FUZZ)
    target_compile_options(cairn_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(CAIRN_COVERAGE)
    target_compile_options(cairn_flags INTERFACE -fprofile-instr-generate -fcoverage-mapping)
    target_link_options(cairn_flags INTERFACE -fprofile-instr-generate)
endif()

# cairn_library(name LINKS...): a static library of this folder's .c files. Files are found, not listed: a new noun is a
# new file and nothing else.
function(cairn_library name)
    file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.c)
    list(FILTER sources EXCLUDE REGEX "/main\\.c$")
    add_library(${name} STATIC ${sources})
    set_target_properties(${name} PROPERTIES LINKER_LANGUAGE C)
    target_link_libraries(${name} PUBLIC cairn_flags ${ARGN})
endfunction()

# cairn_program(name LINKS...): an executable from this folder's main.c.
function(cairn_program name)
    add_executable(${name} main.c)
    target_link_libraries(${name} PRIVATE cairn_flags ${ARGN})
    target_link_options(${name} PRIVATE $<${CAIRN_LTO}:-flto=auto>)
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})
endfunction()

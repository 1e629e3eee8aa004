# Which compilers are good enough, and the flags of our own code.
set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  message(FATAL_ERROR
    "g++ ${CMAKE_CXX_COMPILER_VERSION} is refused: it miscompiles ordinary co_await code (a co_await in an `if` "
    "condition can jump wild, temporaries in co_await expressions are destroyed twice). "
    "Install clang-19 (Debian 12: apt-get install clang-19) or g++ 13 or newer, then configure again with "
    "-DCMAKE_CXX_COMPILER=clang++-19, or call ./dev, which does both.")
elseif(CMAKE_CXX_COMPILER_ID STREQUAL "Clang" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 19)
  message(FATAL_ERROR "clang ${CMAKE_CXX_COMPILER_VERSION} is too old for std::expected with libstdc++: install clang-19 or newer.")
endif()

find_program(MUSTER_CCACHE ccache)
if(MUSTER_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # ccache handles precompiled headers for who says that it may, and reads what a source includes from the compiler's own
  # list of it (depend) instead of preprocessing everything once more. Said in a script of its name: what clang's tools
  # read of compile_commands.json knows that a command may begin with ccache, and nothing of other ways to set a variable.
  set(sloppiness pch_defines,time_macros,include_file_mtime,include_file_ctime)
  file(WRITE ${PROJECT_BINARY_DIR}/launcher/ccache
    "#!/bin/sh\nexport CCACHE_DEPEND=1 CCACHE_SLOPPINESS=\${CCACHE_SLOPPINESS:+$CCACHE_SLOPPINESS,}${sloppiness}\n"
    "exec '${MUSTER_CCACHE}' \"$@\"\n")
  file(CHMOD ${PROJECT_BINARY_DIR}/launcher/ccache
    PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${PROJECT_BINARY_DIR}/launcher/ccache)
endif()

set(MUSTER_SANITIZE "" CACHE STRING "sanitizers, e.g. address,undefined or thread")
if(MUSTER_SANITIZE)
  add_compile_options(-fsanitize=${MUSTER_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${MUSTER_SANITIZE})
  if(MUSTER_SANITIZE MATCHES undefined)
    # UBSan's check of dynamic types opens a pipe for its first look at each type, and calls the object bad when there
    # is no descriptor left: which one of our tests is about. Dead objects are AddressSanitizer's to find.
    add_compile_options(-fno-sanitize=vptr)
  endif()
  if(MUSTER_SANITIZE MATCHES thread AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_compile_options(-Wno-tsan) # Asio's fences
  endif()
endif()

# The linker: lld where clang has one, since it links a test program in a tenth of the time.
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  find_program(MUSTER_LLD NAMES ld.lld-19 ld.lld)
  if(MUSTER_LLD)
    add_link_options(-fuse-ld=${MUSTER_LLD})
  endif()
endif()

add_library(muster_options INTERFACE)
target_compile_options(muster_options INTERFACE -Wall -Wextra -Werror -Wpedantic -Wshadow -Wnon-virtual-dtor)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 14 takes the unused half of std::expected for an uninitialised read once it sits in a coroutine frame.
  target_compile_options(muster_options INTERFACE -Wno-maybe-uninitialized)
endif()
# Places are told from the root of the house: "handlers/user_page.cpp:31", wherever it was built.
target_compile_options(muster_options INTERFACE -fmacro-prefix-map=${PROJECT_SOURCE_DIR}/=)
target_include_directories(muster_options INTERFACE ${PROJECT_SOURCE_DIR})

# muster_floor(NAME PRECOMPILED SET SOURCES... LINKS...): one static library of this project.
function(muster_floor name)
  cmake_parse_arguments(floor "" "PRECOMPILED" "SOURCES;LINKS" ${ARGN})
  add_library(muster_${name} STATIC ${floor_SOURCES})
  target_link_libraries(muster_${name} PUBLIC muster_options ${floor_LINKS})
  muster_uses_precompiled(muster_${name} "${floor_PRECOMPILED}")
endfunction()

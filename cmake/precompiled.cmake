# Precompiled headers: what most of our sources include of others' headers, read once and not with each of them. Every
# source still includes what it uses: the release presets and ./dev lint compile without any of this.
option(MUSTER_PRECOMPILED "precompile the headers of the standard library, Asio and Catch2" OFF)

# Nothing of our own is in these lists: it would build everything again with each change.
set(MUSTER_PRECOMPILED_STD
  <algorithm> <array> <atomic> <cerrno> <charconv> <chrono> <compare> <concepts> <coroutine> <csignal> <cstddef>
  <cstdint> <cstdio> <cstdlib> <cstring> <ctime> <exception> <expected> <filesystem> <fstream> <functional>
  <initializer_list> <iterator> <limits> <map> <memory> <mutex> <new> <optional> <random> <set> <source_location> <span>
  <sstream> <stdexcept> <string> <string_view> <system_error> <thread> <tuple> <type_traits> <typeinfo> <unordered_map>
  <utility> <variant> <vector>)
set(MUSTER_PRECOMPILED_ASIO
  <boost/asio/as_tuple.hpp> <boost/asio/async_result.hpp> <boost/asio/basic_stream_socket.hpp>
  <boost/asio/cancellation_signal.hpp> <boost/asio/deferred.hpp> <boost/asio/error.hpp>
  <boost/asio/generic/stream_protocol.hpp> <boost/asio/io_context.hpp> <boost/asio/posix/basic_stream_descriptor.hpp>
  <boost/asio/post.hpp> <boost/intrusive/list.hpp> <boost/intrusive/set.hpp>)

# muster_precompiled(NAME HEADERS... LINKS...): a set of headers, with the flags of whoever will use it.
function(muster_precompiled name)
  cmake_parse_arguments(set "" "" "HEADERS;LINKS" ${ARGN})
  if(MUSTER_PRECOMPILED)
    add_library(muster_precompiled_${name} OBJECT ${PROJECT_SOURCE_DIR}/cmake/precompiled.cpp)
    target_link_libraries(muster_precompiled_${name} PRIVATE muster_options ${set_LINKS})
    target_precompile_headers(muster_precompiled_${name} PRIVATE ${set_HEADERS})
  endif()
endfunction()

# muster_uses_precompiled(TARGET NAME): the sources of TARGET begin with that set; with none where NAME is empty.
function(muster_uses_precompiled target name)
  if(MUSTER_PRECOMPILED AND name)
    target_precompile_headers(${target} REUSE_FROM muster_precompiled_${name})
  endif()
endfunction()

if(MUSTER_PRECOMPILED AND CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  # Made again from the same headers it is the same file, and ccache knows what was compiled with it.
  add_compile_options("SHELL:-Xclang -fno-pch-timestamp")
endif()
muster_precompiled(std HEADERS ${MUSTER_PRECOMPILED_STD})
muster_precompiled(asio HEADERS ${MUSTER_PRECOMPILED_STD} ${MUSTER_PRECOMPILED_ASIO} LINKS muster_boost)

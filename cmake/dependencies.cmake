# Everything from Debian packages, nothing downloaded.
if(POLICY CMP0167) # newer CMake: Boost's own package file, and no warning about it
  cmake_policy(SET CMP0167 NEW)
endif()
find_package(Threads REQUIRED)
find_package(Boost 1.83 REQUIRED)
find_package(spdlog REQUIRED)
find_package(nlohmann_json 3.11 REQUIRED)
find_package(CLI11 REQUIRED)
find_package(simdjson REQUIRED)
find_package(SQLite3 REQUIRED)

# Asio and Beast are compiled here, once; the definitions are PUBLIC so that no translation unit disagrees.
add_library(muster_boost STATIC ${PROJECT_SOURCE_DIR}/cmake/asio.cpp ${PROJECT_SOURCE_DIR}/cmake/beast.cpp)
# Each thread keeps 8 blocks of each kind, not 2, for what Asio allocates: a fan-out has more than two in use at a time.
target_compile_definitions(muster_boost PUBLIC
  BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED
  BOOST_ASIO_RECYCLING_ALLOCATOR_CACHE_SIZE=8)
target_link_libraries(muster_boost PUBLIC Boost::headers Threads::Threads)

// The source of the targets that precompile headers (cmake/precompiled.cmake): a target has one.

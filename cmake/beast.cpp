// Beast's own translation unit: every other one only sees its declarations.
#include <boost/beast/src.hpp>

// handlers/: a document of views/ as an answer.
#pragma once

#include "handlers/response.hpp"
#include "views/documents.hpp"

#include <string>
#include <utility>

namespace muster::handlers {

/// 200 with anything that views::append_json writes: users' data, hence Cache-Control: private.
template <class Document>
[[nodiscard]] response json(const Document& document) {
    std::string body;
    views::append_json(body, document);
    body += '\n';
    return answer(200, content_types::json, std::move(body), "private");
}

} // namespace muster::handlers

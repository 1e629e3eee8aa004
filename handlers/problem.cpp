// handlers/: problem documents.
#include "handlers/problem.hpp"

#include "handlers/explanation_json.hpp"
#include "views/json_writer.hpp"

namespace muster::handlers {

response to_response(const problem& error, std::string_view request_id) {
    std::string body;
    views::json_writer writer(body);
    writer.begin_object();
    writer.key("type").string("about:blank");
    writer.key("title").string(error.title.empty() ? reason_phrase(error.status) : std::string_view{error.title});
    writer.key("status").number(error.status);
    if (!error.detail.empty())
        writer.key("detail").string(error.detail);
    writer.key("request_id").string(request_id);
    if (error.retry_after)
        writer.key("retry_after").number(error.retry_after->count());
    if (error.why)
        append_members(writer, *error.why, error.how_much);
    writer.end_object();
    body += '\n';

    auto made = answer(error.status, content_types::problem, std::move(body), "no-store");
    made.retry_after = error.retry_after;
    return made;
}

response bad_request(const request& request, std::string detail) {
    return to_response({.status = 400, .detail = std::move(detail)}, request.id());
}

} // namespace muster::handlers

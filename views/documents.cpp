// views/: the documents' fields, each named here and nowhere else.
#include "views/documents.hpp"

#include "views/json_writer.hpp"

#include <cstddef>
#include <cstdint>

namespace muster::views {
namespace {

// What punctuation, names, numbers and times of one object take at most; with the texts' lengths it sizes the buffer
// once for nearly every document (escapes may still make it grow).
constexpr std::size_t frame_size = 160;

std::size_t estimate(const upstream::user& user) {
    return frame_size + user.name.size() + user.email.size();
}

std::size_t estimate(const upstream::profile& profile) {
    return frame_size + profile.bio.size() + profile.location.size() + profile.website.size() + profile.language.size();
}

std::size_t estimate(std::span<const upstream::post> posts) {
    std::size_t size = frame_size;
    for (const auto& post : posts)
        size += frame_size + post.title.size() + post.body.size();
    return size;
}

void write(json_writer& writer, const upstream::user& user) {
    writer.begin_object();
    writer.key("id").number(static_cast<std::int64_t>(user.id));
    writer.key("name").string(user.name);
    writer.key("email").string(user.email);
    writer.key("created_at").timestamp(user.created_at);
    writer.end_object();
}

void write(json_writer& writer, const upstream::profile& profile) {
    writer.begin_object();
    writer.key("bio").string(profile.bio);
    writer.key("location").string(profile.location);
    writer.key("website").string(profile.website);
    writer.key("language").string(profile.language);
    writer.end_object();
}

void write(json_writer& writer, std::span<const upstream::post> posts) {
    writer.begin_array();
    for (const auto& post : posts) {
        writer.begin_object();
        writer.key("id").number(post.id);
        writer.key("title").string(post.title);
        writer.key("body").string(post.body);
        writer.key("published_at").timestamp(post.published_at);
        writer.end_object();
    }
    writer.end_array();
}

template <class Resource>
void append_one(std::string& out, const Resource& resource) {
    out.reserve(out.size() + estimate(resource));
    json_writer writer(out);
    write(writer, resource);
}

} // namespace

void append_json(std::string& out, const user_document& document) {
    out.reserve(out.size() + estimate(document.user) + (document.profile ? estimate(*document.profile) : 0) +
                estimate(document.posts));
    json_writer writer(out);
    writer.begin_object();
    write(writer.key("user"), document.user);
    if (document.profile)
        write(writer.key("profile"), *document.profile);
    else
        writer.key("profile").null();
    write(writer.key("posts"), document.posts);
    writer.end_object();
}

void append_json(std::string& out, const upstream::user& user) {
    append_one(out, user);
}

void append_json(std::string& out, const upstream::profile& profile) {
    append_one(out, profile);
}

void append_json(std::string& out, std::span<const upstream::post> posts) {
    append_one(out, posts);
}

} // namespace muster::views

# cmake -DIN=folder -DOUT=file.cc -P embed_help.cmake: one raw string literal per IN/*.md, in a constant table.
file(GLOB texts "${IN}/*.md")
list(SORT texts)
list(LENGTH texts count)
set(rows)
foreach(path IN LISTS texts)
  get_filename_component(name "${path}" NAME_WE)
  file(READ "${path}" text)
  string(APPEND rows "    HelpText{\"${name}\", R\"help_text(${text})help_text\"},\n")
endforeach()
file(WRITE "${OUT}" "#include <array>

#include \"cli/help.h\"

namespace rayctl {
namespace {
constexpr std::array<HelpText, ${count}> kTexts{
${rows}};
}  // namespace

std::span<const HelpText> help_texts() { return kTexts; }
}  // namespace rayctl
")

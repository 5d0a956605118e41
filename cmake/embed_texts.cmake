# cmake -DOUT=file.cc -DHEADER=path.h -DNAMESPACE=name -DTEXTS=function=file,function=file -P embed_texts.cmake: a function
# for each file that gives its text.
string(REPLACE "," ";" rows "${TEXTS}")
set(functions)
foreach(row IN LISTS rows)
  string(REPLACE "=" ";" pair "${row}")
  list(GET pair 0 function)
  list(GET pair 1 path)
  file(READ "${path}" text)
  string(APPEND functions "\nstd::string_view ${function}() {\n  return R\"embedded(${text})embedded\";\n}\n")
endforeach()
file(WRITE "${OUT}" "#include \"${HEADER}\"\n\nnamespace ${NAMESPACE} {\n${functions}\n}  // namespace ${NAMESPACE}\n")

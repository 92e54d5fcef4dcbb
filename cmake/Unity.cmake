# Fewer, larger compilations: most of what a file costs is the headers that it includes. -DUNITY=OFF
# compiles each file by itself.
option(UNITY "compile the files of a room together" ON)

# The files of one folder together, so that what is anonymous in one has another name in the next.
function(unite_folders target)
  get_target_property(sources ${target} SOURCES)
  foreach(source IN LISTS sources)
    get_filename_component(folder ${source} DIRECTORY)
    string(MAKE_C_IDENTIFIER "of_${folder}" group)
    set_source_files_properties(${source} PROPERTIES UNITY_GROUP ${group})
  endforeach()
  set_target_properties(${target} PROPERTIES UNITY_BUILD ${UNITY} UNITY_BUILD_MODE GROUP)
endfunction()

# Up to so many files together, in the order of their names.
function(unite target size)
  set_target_properties(${target} PROPERTIES UNITY_BUILD ${UNITY} UNITY_BUILD_BATCH_SIZE ${size})
endfunction()

# Files of tests, spread over so many compilations, each in a namespace of its own: they need not
# know each other's names. What belongs to a namespace or a header, or has main(), stays alone.
function(unite_tests target count)
  if(NOT UNITY)
    return()
  endif()
  get_target_property(sources ${target} SOURCES)
  set(alone "")
  foreach(source IN LISTS sources)
    get_filename_component(path ${source} ABSOLUTE)
    file(STRINGS ${path} lines REGEX "^(namespace [a-z]|template <>|#define|#if|int main)")
    string(REGEX REPLACE "cpp$" "hpp" header ${path})
    if(lines OR EXISTS ${header})
      list(APPEND alone ${source})
    else()
      # By its name, so that a file more leaves all others where they are.
      string(MD5 hash ${source})
      string(SUBSTRING ${hash} 0 6 hash)
      math(EXPR number "0x${hash} % ${count}")
      list(APPEND together_${number} ${path})
    endif()
  endforeach()
  set(units "")
  math(EXPR last "${count} - 1")
  foreach(number RANGE ${last})
    if(together_${number})
      set(unit ${CMAKE_CURRENT_BINARY_DIR}/${target}_${number}.cpp)
      add_custom_command(OUTPUT ${unit}
        COMMAND ${CMAKE_COMMAND} -DUNIT=${unit} "-DSOURCES=${together_${number}}"
          -P ${PROJECT_SOURCE_DIR}/cmake/unite.cmake
        DEPENDS ${together_${number}} ${PROJECT_SOURCE_DIR}/cmake/unite.cmake
        VERBATIM)
      list(APPEND units ${unit})
    endif()
  endforeach()
  set_target_properties(${target} PROPERTIES SOURCES "${alone};${units}")
endfunction()

include("${CMAKE_CURRENT_LIST_DIR}/ebb_fc-targets.cmake")
include("${CMAKE_CURRENT_LIST_DIR}/ebb_fc_program.cmake")

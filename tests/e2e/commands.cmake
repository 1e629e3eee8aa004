# The commands beside serve.
set(command_scenarios
  a_locked_database_is_told_within_its_time
  a_migration_is_done_once_and_an_older_muster_refuses_what_it_made
  a_stop_is_heard_wherever_a_command_waits
  an_export_ends_quietly_with_its_reader_and_loudly_with_its_disk
  an_export_imports_into_the_same_database_beside_a_running_server
  an_import_shows_its_progress_on_a_terminal_alone
  bad_lines_are_named_and_nothing_is_changed
  health_asks_the_server_that_the_environment_describes
  what_cannot_be_imported_from_or_into_is_one_line)
foreach(scenario IN LISTS command_scenarios)
  string(REPLACE "_" " " sentence ${scenario})
  add_test(NAME "e2e: ${sentence}"
    COMMAND python3 ${CMAKE_CURRENT_SOURCE_DIR}/commands.py ${scenario} $<TARGET_FILE:muster> $<TARGET_FILE:muster_test_server>)
  set_tests_properties("e2e: ${sentence}" PROPERTIES TIMEOUT 120)
  if(MUSTER_SANITIZE)
    set_tests_properties("e2e: ${sentence}" PROPERTIES ENVIRONMENT MUSTER_SLOW_BUILD=1)
  endif()
endforeach()

# A few of the moments that ./dev test crash tries, and fewer people than ./dev test people brings.
set(crash_runs 25)
if(MUSTER_SANITIZE)
  set(crash_runs 8)
endif()
foreach(work import seed migrate)
  set(name "e2e: a kill at any moment of the work leaves all or nothing: ${work}")
  add_test(NAME ${name} COMMAND python3 ${CMAKE_CURRENT_SOURCE_DIR}/crash.py ${work}
    $<TARGET_FILE:muster> $<TARGET_FILE:muster_test_server> ${crash_runs})
  set_tests_properties(${name} PROPERTIES TIMEOUT 300)
  if(MUSTER_SANITIZE)
    set_tests_properties(${name} PROPERTIES ENVIRONMENT MUSTER_SLOW_BUILD=1)
  endif()
endforeach()
set(name "e2e: many people come in and go out the same, in little memory")
add_test(NAME ${name} COMMAND python3 ${CMAKE_CURRENT_SOURCE_DIR}/many_people.py $<TARGET_FILE:muster> 5000)
set_tests_properties(${name} PROPERTIES TIMEOUT 300)
if(MUSTER_SANITIZE)
  set_tests_properties(${name} PROPERTIES ENVIRONMENT MUSTER_SLOW_BUILD=1)
endif()

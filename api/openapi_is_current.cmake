# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
#
# The test openapi_is_current: fails when the checked-in OpenAPI file is not what the generator emits now.
execute_process(COMMAND ${EMIT} ${CURRENT} COMMAND_ERROR_IS_FATAL ANY)
file(READ ${CURRENT} current)
file(READ ${CHECKED_IN} checked_in)
if(NOT current STREQUAL checked_in)
    message(FATAL_ERROR "openapi/openapi.yaml is not current: run ./dev openapi and commit it")
endif()

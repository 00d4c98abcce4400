/* Other hosts, a memory, and further calls. */

#include <stdlib.h>
#include <string.h>

#include "inside.h"
#include "switchhook_services.h"

static call_handler_list_u8_t lend_bytes(const void *data, size_t bytes) {
  return (call_handler_list_u8_t){(uint8_t *)data, bytes};
}

/* The host reads them before it returns. */
static switchhook_handler_types_field_t *lend_fields(const sh_field *fields, size_t count) {
  switchhook_handler_types_field_t *lent = calloc(count + 1, sizeof *lent);
  if (!lent) abort();
  for (size_t at = 0; at < count; at++)
    lent[at] = (switchhook_handler_types_field_t){sh_lend(fields[at].name), sh_lend(fields[at].value)};
  return lent;
}

sh_status sh_socket_open(sh_call *call, const char *url, const sh_field *headers, size_t header_count, uint32_t *socket) {
  (void)call;
  call_handler_string_t address = sh_lend(url);
  switchhook_handler_websocket_list_field_t fields = {lend_fields(headers, header_count), header_count};
  host_failure refused;
  bool opens = switchhook_handler_websocket_open(&address, &fields, socket, &refused);
  free(fields.ptr);
  return opens ? SH_OK : sh_failed(&refused);
}

static sh_status send(uint32_t socket, switchhook_handler_types_payload_t message) {
  host_failure refused;
  return switchhook_handler_websocket_send(socket, &message, &refused) ? SH_OK : sh_failed(&refused);
}

sh_status sh_socket_send_text(sh_call *call, uint32_t socket, const char *text) {
  (void)call;
  return send(socket, (switchhook_handler_types_payload_t){SWITCHHOOK_HANDLER_TYPES_PAYLOAD_TEXT, {.text = sh_lend(text)}});
}

sh_status sh_socket_send(sh_call *call, uint32_t socket, const void *data, size_t bytes) {
  (void)call;
  return send(socket, (switchhook_handler_types_payload_t){SWITCHHOOK_HANDLER_TYPES_PAYLOAD_BINARY,
                                                           {.binary = lend_bytes(data, bytes)}});
}

void sh_socket_close(sh_call *call, uint32_t socket, uint16_t code, const char *reason) {
  (void)call;
  call_handler_string_t why = sh_lend(reason);
  switchhook_handler_websocket_close(socket, code, &why);
}

sh_status sh_http_request(sh_call *call, const char *method, const char *url, const sh_field *headers, size_t header_count,
                          const void *body, size_t bytes, uint32_t *request) {
  (void)call;
  call_handler_string_t verb = sh_lend(method), address = sh_lend(url);
  switchhook_handler_http_list_field_t fields = {lend_fields(headers, header_count), header_count};
  call_handler_list_u8_t sent = lend_bytes(body, bytes);
  host_failure refused;
  bool begun = switchhook_handler_http_request(&verb, &address, &fields, &sent, request, &refused);
  free(fields.ptr);
  return begun ? SH_OK : sh_failed(&refused);
}

void sh_http_cancel(sh_call *call, uint32_t request) { (void)call, switchhook_handler_http_cancel(request); }

sh_status sh_place(sh_call *call, const char *to, const char *plugin, uint32_t *placed) {
  (void)call;
  call_handler_string_t number = sh_lend(to), name = sh_lend(plugin);
  host_failure refused;
  return switchhook_handler_calls_place(&number, &name, placed, &refused) ? SH_OK : sh_failed(&refused);
}

sh_status sh_begin_chat(sh_call *call, const char *to, const char *plugin, uint32_t *placed) {
  (void)call;
  call_handler_string_t number = sh_lend(to), name = sh_lend(plugin);
  host_failure refused;
  return switchhook_handler_calls_begin_chat(&number, &name, placed, &refused) ? SH_OK : sh_failed(&refused);
}

sh_status sh_store_get(sh_call *call, const char *key, sh_bytes *value) {
  (void)call;
  call_handler_string_t name = sh_lend(key);
  call_handler_option_list_u8_t found;
  host_failure refused;
  *value = (sh_bytes){NULL, 0};
  if (!switchhook_handler_key_value_get(&name, &found, &refused)) return sh_failed(&refused);
  if (!found.is_some) return SH_OK;
  call_handler_string_t text = {found.val.ptr, found.val.len};
  size_t count = text.len;
  *value = (sh_bytes){(uint8_t *)sh_text(&text), count};
  return SH_OK;
}

sh_status sh_store_set(sh_call *call, const char *key, const void *value, size_t bytes, uint32_t ttl_s) {
  (void)call;
  call_handler_string_t name = sh_lend(key);
  call_handler_list_u8_t data = lend_bytes(value, bytes);
  host_failure refused;
  return switchhook_handler_key_value_set(&name, &data, ttl_s ? &ttl_s : NULL, &refused) ? SH_OK : sh_failed(&refused);
}

sh_status sh_store_delete(sh_call *call, const char *key) {
  (void)call;
  call_handler_string_t name = sh_lend(key);
  host_failure refused;
  return switchhook_handler_key_value_delete(&name, &refused) ? SH_OK : sh_failed(&refused);
}

sh_status sh_store_compare_and_set(sh_call *call, const char *key, sh_bytes expected, const void *value, size_t bytes,
                                   uint32_t ttl_s, bool *done) {
  (void)call;
  call_handler_string_t name = sh_lend(key);
  call_handler_list_u8_t old = lend_bytes(expected.data, expected.count), data = lend_bytes(value, bytes);
  host_failure refused;
  bool answered = switchhook_handler_key_value_compare_and_set(&name, expected.data ? &old : NULL, &data,
                                                               ttl_s ? &ttl_s : NULL, done, &refused);
  return answered ? SH_OK : sh_failed(&refused);
}

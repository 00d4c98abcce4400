/* Events, as authors see them. */

#include <stdlib.h>
#include <string.h>

#include "inside.h"

const char *sh_show(call_handler_string_t *given) {
  /* Bounded by what the host gives: a NUL each. */
  char *text = sh_text(given);
  *given = (call_handler_string_t){(uint8_t *)text, strlen(text)};
  return text;
}

sh_failure sh_show_failure(host_failure *given) { return (sh_failure){sh_show(&given->code), sh_show(&given->message)}; }

/* The headers of the last head that was shown: they live until the next. */
static const sh_field *show_headers(switchhook_handler_types_list_field_t *headers) {
  static sh_field *shown;
  free(shown);
  shown = calloc(headers->len + 1, sizeof *shown);
  if (!shown) abort();
  for (size_t at = 0; at < headers->len; at++)
    shown[at] = (sh_field){sh_show(&headers->ptr[at].name), sh_show(&headers->ptr[at].value)};
  return shown;
}

static void show_message(switchhook_handler_types_socket_message_t *message, sh_event *event) {
  bool binary = message->payload.tag == SWITCHHOOK_HANDLER_TYPES_PAYLOAD_BINARY;
  const call_handler_string_t *text = &message->payload.val.text;
  const call_handler_list_u8_t *bytes = &message->payload.val.binary;
  event->kind = SH_SOCKET_MESSAGE;
  event->socket = (sh_socket_event){.id = message->socket, .binary = binary};
  event->socket.data = binary ? bytes->ptr : text->ptr;
  event->socket.bytes = binary ? bytes->len : text->len;
}

static void show_step(switchhook_handler_types_placed_step_t *step, sh_event *event) {
  event->kind = SH_PLACED;
  event->placed = (sh_placed_event){.id = step->request, .step = sh_show(&step->step), .failed = step->value.is_err};
  if (step->value.is_err)
    event->placed.failure = sh_show_failure(&step->value.val.err);
  else
    event->placed.detail = sh_show(&step->value.val.ok);
}

void sh_show_service(host_event *given, sh_event *event) {
  switch (given->tag) {
    case SWITCHHOOK_HANDLER_TYPES_EVENT_SOCKET_OPEN:
      event->kind = SH_SOCKET_OPEN;
      event->socket = (sh_socket_event){.id = given->val.socket_open};
      break;
    case SWITCHHOOK_HANDLER_TYPES_EVENT_SOCKET_MESSAGE:
      show_message(&given->val.socket_message, event);
      break;
    case SWITCHHOOK_HANDLER_TYPES_EVENT_SOCKET_WRITABLE:
      event->kind = SH_SOCKET_WRITABLE;
      event->socket = (sh_socket_event){.id = given->val.socket_writable};
      break;
    case SWITCHHOOK_HANDLER_TYPES_EVENT_SOCKET_CLOSED: {
      switchhook_handler_types_socket_closed_t *closed = &given->val.socket_closed;
      event->kind = SH_SOCKET_CLOSED;
      event->socket = (sh_socket_event){.id = closed->socket, .code = closed->code, .reason = sh_show(&closed->reason)};
      break;
    }
    case SWITCHHOOK_HANDLER_TYPES_EVENT_HTTP_HEAD: {
      switchhook_handler_types_http_head_t *head = &given->val.http_head;
      event->kind = SH_HTTP_HEAD;
      event->http = (sh_http_event){.id = head->request, .status = head->status};
      event->http.headers = show_headers(&head->headers);
      event->http.header_count = head->headers.len;
      break;
    }
    case SWITCHHOOK_HANDLER_TYPES_EVENT_HTTP_BODY: {
      switchhook_handler_types_http_body_t *body = &given->val.http_body;
      event->kind = SH_HTTP_BODY;
      event->http = (sh_http_event){.id = body->request, .data = body->data.ptr, .bytes = body->data.len};
      break;
    }
    case SWITCHHOOK_HANDLER_TYPES_EVENT_HTTP_END: {
      switchhook_handler_types_http_end_t *end = &given->val.http_end;
      event->kind = SH_HTTP_END;
      event->http = (sh_http_event){.id = end->request, .failed = end->value.is_err};
      if (end->value.is_err) event->http.failure = sh_show_failure(&end->value.val.err);
      break;
    }
    case SWITCHHOOK_HANDLER_TYPES_EVENT_PLACED:
      show_step(&given->val.placed, event);
      break;
  }
}

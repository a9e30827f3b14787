//  SPDX-License-Identifier: Apache-2.0
#include "common/bytes/msgpack_writer.h"

//  The room is part of the array until the end.
void
msgpack_writer_grow (msgpack_writer_t *self, size_t size)
{
    size_t written = (size_t) (self->at - self->out->data);
    g_byte_array_set_size (self->out, (guint) (written + size + MSGPACK_WRITER_ROOM));
    self->at = self->out->data + written;
    self->end = self->out->data + self->out->len;
}

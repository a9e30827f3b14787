//  Asks a processor for the state of a rocket, past all gateways: ask [HOST:PORT] [CHANNEL]
//  HOST:PORT is where it answers queries, the port above that of its frames. docs/protocol.md has
//  all queries.
//  SPDX-License-Identifier: Apache-2.0
#include <msgpack.h>
#include <stdio.h>
#include <string.h>
#include <zmq.h>

#define TIMEOUT_MS 2000  //  a missing processor does not answer

static void
s_pack_text (msgpack_packer *packer, const char *text)
{
    msgpack_pack_str (packer, strlen (text));
    msgpack_pack_str_body (packer, text, strlen (text));
}

//  {"op": "get", "id": ...}
static void
s_pack_query (msgpack_sbuffer *query, const char *channel)
{
    msgpack_packer packer;
    msgpack_packer_init (&packer, query, msgpack_sbuffer_write);
    msgpack_pack_map (&packer, 2);
    s_pack_text (&packer, "op");
    s_pack_text (&packer, "get");
    s_pack_text (&packer, "id");
    s_pack_text (&packer, channel);
}

//  The member of a map; nil if there is none.
static msgpack_object
s_member (msgpack_object map, const char *name)
{
    for (uint32_t index = 0; map.type == MSGPACK_OBJECT_MAP && index < map.via.map.size; index++) {
        msgpack_object key = map.via.map.ptr[index].key;
        if (key.type == MSGPACK_OBJECT_STR && key.via.str.size == strlen (name) &&
            memcmp (key.via.str.ptr, name, key.via.str.size) == 0)
            return map.via.map.ptr[index].val;
    }
    return (msgpack_object){.type = MSGPACK_OBJECT_NIL};
}

//  Print the members of the rocket. Returns the exit status.
static int
s_show (const char *bytes, size_t size)
{
    msgpack_unpacked reply;
    msgpack_unpacked_init (&reply);
    bool good = msgpack_unpack_next (&reply, bytes, size, NULL) == MSGPACK_UNPACK_SUCCESS;
    msgpack_object rocket = s_member (reply.data, "rocket");
    if (!good || rocket.type != MSGPACK_OBJECT_MAP) {
        //  404: there is no such rocket; 421: another processor owns it
        fprintf (stderr, "no rocket: ");
        msgpack_object_print (stderr, reply.data);
        fprintf (stderr, "\n");
        good = false;
    }
    for (uint32_t index = 0; good && index < rocket.via.map.size; index++) {
        msgpack_object_print (stdout, rocket.via.map.ptr[index].key);
        printf (" ");
        msgpack_object_print (stdout, rocket.via.map.ptr[index].val);
        printf ("\n");
    }
    msgpack_unpacked_destroy (&reply);
    return good ? 0 : 1;
}

int
main (int argc, char **argv)
{
    char endpoint[256];
    snprintf (endpoint, sizeof endpoint, "tcp://%s", argc > 1 ? argv[1] : "localhost:5562");
    msgpack_sbuffer query;
    msgpack_sbuffer_init (&query);
    s_pack_query (&query, argc > 2 ? argv[2] : "from-c");

    const int timeout_ms = TIMEOUT_MS;
    const int linger_ms = 0;
    void *context = zmq_ctx_new ();
    void *socket = zmq_socket (context, ZMQ_REQ);
    zmq_setsockopt (socket, ZMQ_RCVTIMEO, &timeout_ms, sizeof timeout_ms);
    zmq_setsockopt (socket, ZMQ_LINGER, &linger_ms, sizeof linger_ms);
    zmq_msg_t reply;
    zmq_msg_init (&reply);
    int status = 1;
    if (zmq_connect (socket, endpoint) == 0 && zmq_send (socket, query.data, query.size, 0) >= 0 &&
        zmq_msg_recv (&reply, socket, 0) >= 0)
        status = s_show (zmq_msg_data (&reply), zmq_msg_size (&reply));
    else
        fprintf (stderr, "%s: %s\n", endpoint, zmq_strerror (zmq_errno ()));
    zmq_msg_close (&reply);
    zmq_close (socket);
    zmq_ctx_term (context);
    msgpack_sbuffer_destroy (&query);
    return status;
}

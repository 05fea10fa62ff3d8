/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/hub.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "broker/admit.h"
#include "os/files.h"
#include "sim/network.h"
#include "support/store_copy.h"

/* There is one. */
static struct hub *running;

/* --- death inside a commit --- */

static void copy_file(const char *from, const char *to, const char *name)
{
    _cleanup_(buf_deinit) struct buf bytes = BUF_MAX(1 << 20);
    char path[2 * SCRATCH_BYTES];
    (void)snprintf(path, sizeof(path), "%s/%s", from, name);
    int r = file_read(path, &bytes);
    assert(r == 0);
    (void)snprintf(path, sizeof(path), "%s/%s", to, name);
    r = file_write_atomic(path, buf_slice(&bytes), 0600);
    assert(r == 0);
}

static void copy_marks(const char *from, const char *to)
{
    static const char *const files[] = {"signed", "highwater", "applying"};
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        copy_file(from, to, files[i]);
    }
}

static void copy_folder(const struct hub *hub, char ret_dir[SCRATCH_BYTES])
{
    scratch_make(ret_dir);
    int r = rmdir(ret_dir); /* store_copy makes it */
    assert(r == 0);
    r = store_copy(hub->world->store, ret_dir);
    assert(r == 0);
    copy_marks(hub->world->dir, ret_dir);
}

/* The folder as it is now is what the next process finds. */
static void die(struct hub *hub)
{
    copy_folder(hub, hub->remains);
    hub->death = HUB_LIVES;
    hub->died = true;
}

int __real_highwater_write(struct highwater *file, const struct checkpoint *checkpoint);
int __wrap_highwater_write(struct highwater *file, const struct checkpoint *checkpoint);
int __real_signer_client_sign(struct signer_client *client, const struct checkpoint *head,
                              const struct tree_proof *proof, struct buf *note);
int __wrap_signer_client_sign(struct signer_client *client, const struct checkpoint *head,
                              const struct tree_proof *proof, struct buf *note);
int __wrap_disk_used_percent(const char *path, int *ret_percent);

int __wrap_highwater_write(struct highwater *file, const struct checkpoint *checkpoint)
{
    if (running != NULL && running->death == HUB_DIES_COMMITTED) {
        die(running);
    }
    int r = __real_highwater_write(file, checkpoint);
    if (running != NULL && running->death == HUB_DIES_MARKED) {
        die(running);
    }
    return r;
}

int __wrap_signer_client_sign(struct signer_client *client, const struct checkpoint *head,
                              const struct tree_proof *proof, struct buf *note)
{
    int r = __real_signer_client_sign(client, head, proof, note);
    if (running != NULL && running->death == HUB_DIES_SIGNED) {
        die(running);
    }
    return r;
}

int __wrap_disk_used_percent(const char *path, int *ret_percent)
{
    (void)path;
    *ret_percent = running == NULL ? 0 : running->disk_percent;
    return 0;
}

/* --- what it says --- */

static bool say(void *data, const struct peer *peer, struct net_frame *frame)
{
    struct hub *hub = data;
    if (hub->model != NULL) {
        model_hears(hub->model, peer->agency, net_frame_slice(frame));
    }
    return network_answer(peer, frame);
}

static void say_now(void *data, const struct peer *peer, struct net_frame *frame)
{
    (void)say(data, peer, frame);
}

static void connect(struct hub *hub)
{
    struct world *world = hub->world;
    world->gate.reply = say_now;
    world->gate.data = hub;
    world->answer.send = say;
    world->answer.data = hub;
    world->answer.gate = &world->gate;
    (void)snprintf(hub->highwater, sizeof(hub->highwater), "%s/highwater", world->dir);
    world->publish.highwater = hub->highwater;
    network_broker_key(world->governing.governance->directory.broker_curve_key);
    for (uint32_t i = 1; i <= WORLD_AGENCIES; i++) {
        network_reconnect(i);
    }
}

/* --- its life --- */

void hub_start(struct hub *hub, struct model *model)
{
    *hub = (struct hub){.world = world_new(), .model = model};
    running = hub;
    connect(hub);
    commit_start(&hub->world->commit, NULL, 0);
    (void)attest_step(&hub->world->attest, false, 0);
    model_reads(hub->model, hub->world->store);
}

void hub_stop(struct hub *hub)
{
    running = NULL;
    if (hub->backup[0] != '\0') {
        scratch_remove(hub->backup);
    }
    world_free(&hub->world);
}

/* The documents that the desk has published since, as at every start. */
static void offer_newer(struct hub *hub)
{
    const struct governance *desk = hub->world->governing.governance;
    struct input inputs[GOVERNANCE_DOCUMENTS];
    size_t n = 0;
    for (unsigned i = GOVERNANCE_DIRECTORY; i <= GOVERNANCE_DOCUMENTS; i++) {
        struct govern_document document;
        if (desk->versions[i] > hub->world->commit.governance->versions[i] &&
            governance_held(desk, (enum governance_document)i, &document)) {
            inputs[n++] = (struct input){
                .type = INPUT_GOVERNANCE,
                .governance = {document.document, document.text, document.note},
            };
        }
    }
    commit_start(&hub->world->commit, inputs, n);
    (void)attest_step(&hub->world->attest, false, 0);
}

void hub_restart(struct hub *hub)
{
    hub->deaths++;
    hub->death = HUB_LIVES;
    int r = world_restart(hub->world);
    assert(r == 0);
    connect(hub);
    offer_newer(hub);
    if (hub->model != NULL) {
        model_reads(hub->model, hub->world->store);
    }
}

static void bury(struct hub *hub)
{
    char old[SCRATCH_BYTES];
    hub->died = false;
    memcpy(old, hub->world->dir, sizeof(old));
    memcpy(hub->world->dir, hub->remains, sizeof(hub->remains));
    hub_restart(hub);
    scratch_remove(old);
}

void hub_back_up(struct hub *hub)
{
    if (hub->backup[0] != '\0') {
        scratch_remove(hub->backup);
    }
    copy_folder(hub, hub->backup);
    hub->backup_size = hub->model->log_size;
}

int hub_roll_back(struct hub *hub, bool marks_too)
{
    char old[SCRATCH_BYTES];
    hub->model = NULL;
    memcpy(old, hub->world->dir, sizeof(old));
    if (!marks_too) {
        copy_marks(old, hub->backup);
    }
    memcpy(hub->world->dir, hub->backup, sizeof(hub->backup));
    hub->backup[0] = '\0';
    int r = world_restart(hub->world);
    scratch_remove(old);
    if (r == 0) {
        connect(hub);
        offer_newer(hub);
    }
    return r;
}

bool hub_take(struct hub *hub, uint32_t agency, struct peer *ret_peer, struct net_frame *ret_frame)
{
    uint32_t owner = 0;
    if (!pipeline_may_read(hub->world->pipeline) || !network_take(agency, ret_peer, ret_frame)) {
        return false;
    }
    if (hub->admitted[agency] == ret_peer->route[1]) {
        return true; /* as with CURVE: who is there stays, until a frame is refused */
    }
    if (!admit_key(hub->world->board, ret_peer->key, &owner)) {
        net_frame_deinit(ret_frame);
        return false;
    }
    assert(owner == agency);
    hub->admitted[agency] = ret_peer->route[1];
    return true;
}

bool hub_receive(struct hub *hub, uint32_t agency)
{
    struct net_frame frame = NET_FRAME_NULL;
    struct peer peer;
    if (!hub_take(hub, agency, &peer, &frame)) {
        return false;
    }
    gate_frame(&hub->world->gate, &peer, &frame);
    return true;
}

bool hub_verify(struct hub *hub)
{
    return verify_step(&hub->world->verify, false);
}

bool hub_commit(struct hub *hub)
{
    bool did = world_commit(hub->world);
    if (hub->died) {
        bury(hub);
    }
    if (hub->model != NULL) {
        model_reads(hub->model, hub->world->store);
    }
    return did;
}

bool hub_answer(struct hub *hub)
{
    return answer_step(&hub->world->answer);
}

bool hub_publish(struct hub *hub)
{
    struct letter letter = {.frame = NET_FRAME_NULL};
    bool did = publish_step(&hub->world->publish);
    while (pipeline_posted(hub->world->pipeline, &letter)) {
        (void)say(hub, &letter.peer, &letter.frame);
        did = true;
    }
    return did;
}

void hub_offer(struct hub *hub, enum governance_document document, const struct buf *text)
{
    struct governing *desk = &hub->world->governing;
    struct govern_document offered;
    uint64_t version = desk->governance->versions[document] + 1;
    enum govern_result result = governing_offer(desk, document, version, buf_slice(text));
    if (result != GOVERN_ACCEPTED) {
        model_wrong("document %d is refused: %s %s", (int)document, desk->error.where,
                    desk->error.what);
    }
    bool held = governance_held(desk->governance, document, &offered);
    assert(held);
    (void)gate_offer(&hub->world->gate, &offered); /* with no slot: at the next start */
}

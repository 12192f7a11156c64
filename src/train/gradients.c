/* gradients.c: flat loops over the block. */
#include "train/gradients.h"

#include "kernels/layers.h"

void gradients_sum(const Comm *comm, Params *params)
{
    comm_sum_real(comm, params->gradient, params->layout.count);
}

double gradients_norm(const Params *params)
{
    return sqrt(layers_square_sum(params->layout.count, params->gradient));
}

double gradients_clip_factor(double norm, double limit)
{
    if (limit <= 0) return 1;
    const double factor = limit / (norm + 1e-6);
    return factor < 1 ? factor : 1;
}

static bool decays(const BertTensor *tensor)
{
    return tensor->role == TENSOR_MATRIX;
}

void gradients_update(const AdamSettings *settings, Params *params)
{
    const BertLayout *layout = &params->layout;
    AdamSettings exempt = *settings;
    exempt.weight_decay = 0;
    for (int i = 0; i < layout->n;) { /* runs of tensors that are treated alike */
        const bool decay = settings->weight_decay > 0 && decays(&layout->tensor[i]);
        const int64_t first = layout->tensor[i].first;
        int64_t count = 0;
        for (; i < layout->n && (settings->weight_decay > 0 && decays(&layout->tensor[i])) == decay; i++)
            count += layout->tensor[i].count;
        layers_adamw(count, decay ? settings : &exempt, params->weight + first, params->gradient + first,
                     params->first + first, params->second + first);
    }
}

# %% [markdown]
"""
# Welcome to Stepwise

This course teaches seven things that modern machine learning stands on, from two pointers on an
array to an attention kernel on a GPU. Its one habit: **every idea can be taken one step at a time,
on your own code.** You write a function, and the page replays it, tests it, draws it, and tells you
which idea is missing when it goes wrong.

*Five minutes for this page. To run a cell, click it and press **Shift + Enter**.*
"""

# %%
print("The kernel is running, so everything is ready.")

# %% [markdown]
"""
## The map

Open a lesson by clicking its name. Hours are for lessons and exercises together, at an easy pace;
those of units in preparation are planned.

| | unit | topics | hours |
|---|---|---|---|
| 1 | **Algorithms** | [Two pointers](01_algorithms/two_pointers.ipynb) · [Hashing and windows](01_algorithms/hashing_and_windows.ipynb) · [Trees and backtracking](01_algorithms/trees_and_backtracking.ipynb) · [Order and dynamic programming](01_algorithms/order_and_dynamic_programming.ipynb) · [Geometry](01_algorithms/geometry.ipynb) | 7 |
| 2 | **Autograd** | *in preparation:* a differentiable number, autograd in PyTorch, `nn` and `functional`, precision, checkpointing, data parallel | 8 |
| 3 | **Activations** | [From threshold to ReLU](03_activations/from_threshold_to_relu.ipynb) · [Rectifiers and where to begin](03_activations/rectifiers_and_initialisation.ipynb) · [Smooth and gated](03_activations/smooth_and_gated.ipynb) | 6 |
| 4 | **Upsampling and lightweight nets** | *in preparation:* upsampling, Inception, depthwise and shuffled convolutions, ThunderNet | 9 |
| 5 | **GANs and diffusion** | *in preparation:* GAN, Wasserstein, VQ-VAE and VQGAN, flows, scores and SDEs, one design space | 12 |
| 6 | **Stochastic approximation** | *in preparation:* mean estimation, Robbins–Monro, from there to SGD | 5 |
| 7 | **FlashAttention** | [Online softmax](07_flash_attention/online_softmax.ipynb) · [Attention without the matrix](07_flash_attention/attention_without_the_matrix.ipynb) · [The backward pass](07_flash_attention/backward.ipynb) · [Real batches](07_flash_attention/real_batches.ipynb) · [Writing it in Triton](07_flash_attention/writing_it_in_triton.ipynb) · [the Triton kernel lab](../exercises/08_triton_lab/first_kernels.ipynb) | 19 |

You need school mathematics, a first course in calculus, linear algebra and probability, and some
Python. The units build on each other only loosely: 2 before 3, 4, 5 and 7 helps.
"""

# %% [markdown]
"""
## How to work

1. **Read the lesson**, from top to bottom, running each cell. Move everything that moves: the
   players step through *any* function you write, on any input you type.
2. **Do its exercise.** It lies in `exercises/`, under the same number and name:
   [exercises/01_algorithms/two_pointers.ipynb](../exercises/01_algorithms/two_pointers.ipynb).
   Write your function where it says `YOUR CODE HERE`.
3. **Run the checks** below your function. Each is about one idea and shows a card: what was
   expected, what came, for which input. Stuck? Unfold the hints, one at a time.
4. **Restart and run all** (menu *Kernel*), then press **Validate** above the notebook. This
   runs the visible checks; some hidden ones run only when your work is graded. They ask for the
   same ideas on other inputs.
5. **Submit** (below), and read the feedback.

Changing a lesson is welcome: nothing here can break. If a newer version of a notebook arrives,
your changed copy is kept in the folder `kept/`.
"""

# %% [markdown]
"""
## How to submit

- **Your class uses this JupyterLab** (a shared server): menu *Nbgrader → Assignment List*. *Fetch*
  an assignment once; work on the fetched copy; *Submit* as often as you like, the last one counts.
  Feedback appears in the same list: *Fetch Feedback*.
- **Your class uses a learning platform**: save, then *File → Download*, and upload the notebook
  there. Keep its file name.
- **You learn alone**: nothing to submit. The checks are your teacher, and with the full repository
  you may grade yourself; its README says how.
"""

# %% [markdown]
"""
## Keys worth knowing

| key | does |
|---|---|
| Shift + Enter | run the cell, go to the next |
| Esc, then ↑ ↓ | leave the cell's text, walk through the cells |
| Tab | complete a name |
| Shift + Tab | show a function's documentation |
| Ctrl + / | comment or uncomment lines |
| I, I (after Esc) | stop a cell that runs too long |
| 0, 0 (after Esc) | restart the kernel |

(On a Mac, ⌘ + / comments.) A player takes the keyboard too: click it, then ← → step,
Space plays.

## When you need help

A name followed by `?` shows its documentation, `??` its source: try `max?` in a new cell. If a
widget says that its model was not found, the kernel was restarted: run the cell again. If all else
fails, *Kernel → Restart Kernel and Run All Cells*. In a class, ask your instructor; a mistake in
the course itself belongs in the project's issue tracker.
"""

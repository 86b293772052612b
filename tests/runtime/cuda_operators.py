"""Which of the operators that our graphs use have a kernel of ONNX Runtime's CUDA provider.

From its docs/OperatorKernels.md (2026), for float32 and float16, int64 where it is sizes or
timesteps. It has none for BitShift, BitwiseAnd, BitwiseNot, BitwiseOr and BitwiseXor, for one.
"""

CUDA_OPERATORS = frozenset(
    """
    Abs Add And AveragePool Cast Ceil Clip Concat ConstantOfShape Conv ConvTranspose Cos CumSum
    DepthToSpace Div Einsum Equal Erf Exp Expand Flatten Floor Gather GatherElements GatherND Gelu
    Gemm GlobalAveragePool Greater GreaterOrEqual Identity InstanceNormalization LayerNormalization
    LeakyRelu Less LessOrEqual Log MatMul Max MaxPool Min Mod Mul Neg Not Or Pad Pow Range
    Reciprocal ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare Relu Reshape
    Resize Round ScatterElements ScatterND Sigmoid Sign Sin Slice Softmax Softplus SpaceToDepth
    Split Sqrt Squeeze Sub Sum Tanh Tile TopK Transpose Trilu Unsqueeze Where
    """.split()  # noqa: SIM905
)
# ONNX Runtime's own folding of constants removes it before any provider is asked.
FOLDED = frozenset({"Constant"})


def operators_left(content, sizes=()):
    """The operators of a graph as a device would be given it, opened for ``sizes``."""
    import tempfile
    from pathlib import Path

    import onnx
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    for name, size in sizes:
        options.add_free_dimension_override_by_name(name, size)
    with tempfile.TemporaryDirectory() as folder:
        options.optimized_model_filepath = str(Path(folder) / "left.onnx")
        onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        nodes = onnx.load(options.optimized_model_filepath).graph.node
        return {node.op_type for node in nodes} - FOLDED

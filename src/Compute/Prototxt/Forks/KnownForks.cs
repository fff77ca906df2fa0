namespace CaffeActors.Compute.Prototxt.Forks;

/// <summary>Whose a field or layer type is that Caffe does not have: for errors that say more than "unknown".</summary>
internal static class KnownForks
{
    private const string FastRcnn = "the fork for Fast R-CNN";
    private const string Rfcn = "the fork for R-FCN";
    private const string SegNet = "the fork for SegNet";
    private const string DeepLab = "the forks for DeepLab and PSPNet";
    private const string Shuffle = "forks for ShuffleNet";
    private const string Intel = "Intel's fork";
    private const string Ristretto = "the fork Ristretto";

    private const string Nvidia = "NVIDIA's fork";
    private const string Ssd = "the forks for SSD and NVIDIA's";
    private const string Depthwise = "forks for MobileNet (a Convolution with group = channels does the same)";

    private static readonly Dictionary<string, string> _fields = new()
    {
        ["roi_pooling_param"] = FastRcnn,
        ["smooth_l1_loss_param"] = FastRcnn,
        ["psroi_pooling_param"] = Rfcn,
        ["bn_param"] = SegNet,
        ["upsample_param"] = SegNet,
        ["dense_image_data_param"] = SegNet,
        ["interp_param"] = DeepLab,
        ["shuffle_channel_param"] = Shuffle,
        ["quantization_param"] = Ristretto,
        ["mn_param"] = Intel,
    };

    private static readonly Dictionary<string, string> _types = new()
    {
        ["ROIPooling"] = FastRcnn,
        ["PSROIPooling"] = Rfcn,
        ["BN"] = SegNet,
        ["Upsample"] = SegNet,
        ["DenseImageData"] = SegNet,
        ["Interp"] = DeepLab,
        ["ShuffleChannel"] = Shuffle,
        ["ConvolutionDepthwise"] = Depthwise,
        ["DepthwiseConvolution"] = Depthwise,
        ["AnnotatedData"] = Ssd,
        ["DetectionEvaluate"] = Ssd,
        ["DetectionOutput"] = Ssd,
        ["MultiBoxLoss"] = Ssd,
        ["PriorBox"] = Ssd,
        ["VideoData"] = Ssd,
        ["DetectNetTransformation"] = Nvidia,
        ["TRT"] = Nvidia,
    };

    /// <summary>Who, besides NVIDIA's fork, has a field of LayerParameter, or null.</summary>
    public static string? OfField(string field) => _fields.GetValueOrDefault(field);

    /// <summary>Who has a layer type that is not made here, or null.</summary>
    public static string? OfLayerType(string type) => _types.GetValueOrDefault(type);
}

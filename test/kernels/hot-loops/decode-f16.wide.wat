    loop $for-loop|1
     local.get $5
     local.get $7
     i32.lt_s
     if
      local.get $0
      local.get $5
      local.get $9
      i32.mul
      i32.add
      local.get $10
      local.get $11
      local.get $1
      local.get $4
      local.get $2
      local.get $5
      i32.const 2
      i32.shl
      i32.add
      local.get $7
      i32.const 2
      i32.shl
      local.get $3
      i32.const 1
      i32.sub
      local.get $5
      i32.sub
      local.get $7
      i32.div_s
      i32.const 1
      i32.add
      call $assembly/formats/floats/FloatRows<assembly/formats/rebiased_f16/RebiasedF16>#dotEight
      local.get $5
      local.get $8
      i32.add
      local.set $5
      br $for-loop|1
     end
    end

  loop $for-loop|0
   local.get $2
   local.get $3
   i32.gt_u
   if
    local.get $0
    v128.load
    local.tee $22
    i32.const 13
    i16x8.shl
    local.tee $23
    local.get $22
    i32.const 3
    i16x8.shr_s
    i32.const 1152
    v128.load32_splat
    local.tee $24
    v128.and
    local.tee $25
    i8x16.shuffle 8 9 24 25 10 11 26 27 12 13 28 29 14 15 30 31
    local.get $3
    v128.load offset=16
    i32.const 1140
    v128.load32_splat
    local.tee $26
    f32x4.mul
    local.tee $22
    local.get $23
    local.get $25
    i8x16.shuffle 0 1 16 17 2 3 18 19 4 5 20 21 6 7 22 23
    local.get $3
    v128.load
    local.get $26
    f32x4.mul
    local.tee $23
    local.get $9
    f32x4.relaxed_madd
    f32x4.relaxed_madd
    local.set $9
    local.get $0
    i32.const 16
    i32.add
    local.set $0
    local.get $10
    v128.load
    local.tee $25
    i32.const 3
    i16x8.shr_s
    local.get $24
    v128.and
    local.set $26
    local.get $25
    i32.const 13
    i16x8.shl
    local.tee $25
    local.get $26
    i8x16.shuffle 8 9 24 25 10 11 26 27 12 13 28 29 14 15 30 31
    local.get $22
    local.get $25
    local.get $26
    i8x16.shuffle 0 1 16 17 2 3 18 19 4 5 20 21 6 7 22 23
    local.get $23
    local.get $8
    f32x4.relaxed_madd
    f32x4.relaxed_madd
    local.set $8
    local.get $10
    i32.const 16
    i32.add
    local.set $10
    local.get $11
    v128.load
    local.tee $25
    i32.const 3
    i16x8.shr_s
    local.get $24
    v128.and
    local.set $26
    local.get $25
    i32.const 13
    i16x8.shl
    local.tee $25
    local.get $26
    i8x16.shuffle 8 9 24 25 10 11 26 27 12 13 28 29 14 15 30 31
    local.get $22
    local.get $25
    local.get $26
    i8x16.shuffle 0 1 16 17 2 3 18 19 4 5 20 21 6 7 22 23
    local.get $23
    local.get $16
    f32x4.relaxed_madd
    f32x4.relaxed_madd
    local.set $16
    local.get $11
    i32.const 16
    i32.add
    local.set $11
    local.get $12
    v128.load
    local.tee $25
    i32.const 3
    i16x8.shr_s
    local.get $24
    v128.and
    local.set $26
    local.get $25
    i32.const 13
    i16x8.shl
    local.tee $25
    local.get $26
    i8x16.shuffle 8 9 24 25 10 11 26 27 12 13 28 29 14 15 30 31
    local.get $22
    local.get $25
    local.get $26
    i8x16.shuffle 0 1 16 17 2 3 18 19 4 5 20 21 6 7 22 23
    local.get $23
    local.get $17
    f32x4.relaxed_madd
    f32x4.relaxed_madd
    local.set $17
    local.get $12
    i32.const 16
    i32.add
    local.set $12
    local.get $13
    v128.load
    local.tee $25
    i32.const 3
    i16x8.shr_s
    local.get $24
    v128.and
    local.set $26
    local.get $25
    i32.const 13
    i16x8.shl
    local.tee $25
    local.get $26
    i8x16.shuffle 8 9 24 25 10 11 26 27 12 13 28 29 14 15 30 31
    local.get $22
    local.get $25
    local.get $26
    i8x16.shuffle 0 1 16 17 2 3 18 19 4 5 20 21 6 7 22 23
    local.get $23
    local.get $18
    f32x4.relaxed_madd
    f32x4.relaxed_madd
    local.set $18
    local.get $13
    i32.const 16
    i32.add
    local.set $13
    local.get $14
    v128.load
    local.tee $25
    i32.const 3
    i16x8.shr_s
    local.get $24
    v128.and
    local.set $26
    local.get $25
    i32.const 13
    i16x8.shl
    local.tee $25
    local.get $26
    i8x16.shuffle 8 9 24 25 10 11 26 27 12 13 28 29 14 15 30 31
    local.get $22
    local.get $25
    local.get $26
    i8x16.shuffle 0 1 16 17 2 3 18 19 4 5 20 21 6 7 22 23
    local.get $23
    local.get $19
    f32x4.relaxed_madd
    f32x4.relaxed_madd
    local.set $19
    local.get $14
    i32.const 16
    i32.add
    local.set $14
    local.get $15
    v128.load
    local.tee $25
    i32.const 3
    i16x8.shr_s
    local.get $24
    v128.and
    local.set $26
    local.get $25
    i32.const 13
    i16x8.shl
    local.tee $25
    local.get $26
    i8x16.shuffle 8 9 24 25 10 11 26 27 12 13 28 29 14 15 30 31
    local.get $22
    local.get $25
    local.get $26
    i8x16.shuffle 0 1 16 17 2 3 18 19 4 5 20 21 6 7 22 23
    local.get $23
    local.get $20
    f32x4.relaxed_madd
    f32x4.relaxed_madd
    local.set $20
    local.get $15
    i32.const 16
    i32.add
    local.set $15
    local.get $1
    v128.load
    local.tee $25
    i32.const 3
    i16x8.shr_s
    local.get $24
    v128.and
    local.set $24
    local.get $25
    i32.const 13
    i16x8.shl
    local.tee $25
    local.get $24
    i8x16.shuffle 8 9 24 25 10 11 26 27 12 13 28 29 14 15 30 31
    local.get $22
    local.get $25
    local.get $24
    i8x16.shuffle 0 1 16 17 2 3 18 19 4 5 20 21 6 7 22 23
    local.get $23
    local.get $21
    f32x4.relaxed_madd
    f32x4.relaxed_madd
    local.set $21
    local.get $1
    i32.const 16
    i32.add
    local.set $1
    local.get $3
    i32.const 32
    i32.add
    local.set $3
    br $for-loop|0
   end
  end

  loop $for-loop|1
   local.get $2
   local.get $3
   i32.gt_u
   if
    local.get $8
    local.get $0
    i32.load16_s
    i32x4.splat
    i32.const 13
    i32x4.shl
    i32.const 1104
    v128.load32_splat
    local.tee $16
    v128.and
    i32.const 1144
    v128.load32_splat
    local.tee $17
    f32x4.mul
    f32x4.extract_lane 0
    f32x4.splat
    local.get $10
    i32.load16_s
    i32x4.splat
    i32.const 13
    i32x4.shl
    local.get $16
    v128.and
    local.get $17
    f32x4.mul
    f32x4.extract_lane 0
    f32x4.replace_lane 1
    local.get $11
    i32.load16_s
    i32x4.splat
    i32.const 13
    i32x4.shl
    local.get $16
    v128.and
    local.get $17
    f32x4.mul
    f32x4.extract_lane 0
    f32x4.replace_lane 2
    local.get $12
    i32.load16_s
    i32x4.splat
    i32.const 13
    i32x4.shl
    local.get $16
    v128.and
    local.get $17
    f32x4.mul
    f32x4.extract_lane 0
    f32x4.replace_lane 3
    local.get $3
    v128.load32_splat
    local.tee $18
    f32x4.mul
    f32x4.add
    local.set $8
    local.get $9
    local.get $13
    i32.load16_s
    i32x4.splat
    i32.const 13
    i32x4.shl
    local.get $16
    v128.and
    local.get $17
    f32x4.mul
    f32x4.extract_lane 0
    f32x4.splat
    local.get $14
    i32.load16_s
    i32x4.splat
    i32.const 13
    i32x4.shl
    local.get $16
    v128.and
    local.get $17
    f32x4.mul
    f32x4.extract_lane 0
    f32x4.replace_lane 1
    local.get $15
    i32.load16_s
    i32x4.splat
    i32.const 13
    i32x4.shl
    local.get $16
    v128.and
    local.get $17
    f32x4.mul
    f32x4.extract_lane 0
    f32x4.replace_lane 2
    local.get $1
    i32.load16_s
    i32x4.splat
    i32.const 13
    i32x4.shl
    local.get $16
    v128.and
    local.get $17
    f32x4.mul
    f32x4.extract_lane 0
    f32x4.replace_lane 3
    local.get $18
    f32x4.mul
    f32x4.add
    local.set $9
    local.get $0
    i32.const 2
    i32.add
    local.set $0
    local.get $10
    i32.const 2
    i32.add
    local.set $10
    local.get $11
    i32.const 2
    i32.add
    local.set $11
    local.get $12
    i32.const 2
    i32.add
    local.set $12
    local.get $13
    i32.const 2
    i32.add
    local.set $13
    local.get $14
    i32.const 2
    i32.add
    local.set $14
    local.get $15
    i32.const 2
    i32.add
    local.set $15
    local.get $1
    i32.const 2
    i32.add
    local.set $1
    local.get $3
    i32.const 4
    i32.add
    local.set $3
    br $for-loop|1
   end
  end
